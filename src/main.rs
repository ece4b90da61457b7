//! Xiaoer.
fn main() {}
