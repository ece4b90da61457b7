# Bare `just` lists the recipes.
_:
    @just --list

# the shop, with everything shipped
serve:
    cargo run --release

# talk to the bot in the terminal
chat:
    cargo run --release -- chat --why

# every problem of the shop's folder
kb:
    cargo run --release -- check

# exactly what CI runs
check:
    .ci/run

# the tests alone
test:
    cargo test

# write generated documents anew
bless:
    BLESS=1 cargo test --test it docs

# train the shop's heads, one tenth of the examples kept out
train:
    cargo run --release -- train --holdout 0.1 --holdout-out holdout.jsonl

# build the web pages
web:
    cd web && npm ci && npm run build
