//! A page as a tree, parsed as browsers parse it. Nothing is fetched and nothing runs. Parsing stops when
//! the tree gets deeper or larger than any page for people.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};

use html5ever::interface::{ElemName, ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{Attribute, LocalName, Namespace, ParseOpts, QualName, parse_document};

/// Deepest nesting. Some steps of the parser take as long as the tree is deep.
const DEPTH_MAX: usize = 250;
/// Most nodes of a page.
const NODES_MAX: usize = 200_000;
/// The tree is looked at after so many bytes.
const CHUNK_BYTES: usize = 1_024;

/// Place of a node in its tree.
pub(super) type NodeId = usize;

/// What a node is.
#[derive(Debug)]
pub(super) enum Kind {
    /// The page, or something that shows nothing.
    Bare,
    /// A comment.
    Comment,
    /// Text.
    Text(String),
    /// An element.
    Element {
        name: QualName,
        attributes: Vec<Attribute>,
    },
}

/// A node.
#[derive(Debug)]
pub(super) struct Node {
    pub kind: Kind,
    pub children: Vec<NodeId>,
    pub parent: Option<NodeId>,
}

impl Node {
    /// The element's name; empty for others.
    pub fn name(&self) -> &str {
        match &self.kind {
            Kind::Element { name, .. } => &name.local,
            _ => "",
        }
    }

    /// The value of an attribute.
    pub fn attribute(&self, wanted: &str) -> Option<&str> {
        let Kind::Element { attributes, .. } = &self.kind else {
            return None;
        };
        let found = attributes
            .iter()
            .find(|attribute| &*attribute.name.local == wanted);
        found.map(|attribute| &*attribute.value)
    }
}

/// A parsed page; the first node is the page itself.
#[derive(Debug)]
pub(super) struct Tree {
    pub nodes: Vec<Node>,
}

/// Parses a page; `Err` has a code and what to do.
pub(super) fn parse(html: &str) -> Result<Tree, (&'static str, String)> {
    let mut parser = parse_document(Growing::new(), ParseOpts::default());
    let mut rest = html;
    while !rest.is_empty() {
        let mut end = rest.len().min(CHUNK_BYTES);
        while !rest.is_char_boundary(end) {
            end += 1;
        }
        let (chunk, after) = rest.split_at(end);
        rest = after;
        parser.process(StrTendril::from(chunk));
        let tree = &parser.tokenizer.sink.sink;
        if tree.depth.get() > DEPTH_MAX {
            return Err((
                "too_deep",
                format!("elements are nested more than {DEPTH_MAX} deep; simplify the page"),
            ));
        }
        if tree.nodes.borrow().len() > NODES_MAX {
            return Err((
                "too_large",
                format!("the page has more than {NODES_MAX} nodes; split it"),
            ));
        }
    }
    Ok(parser.finish())
}

/// The tree while it grows.
struct Growing {
    nodes: RefCell<Vec<Node>>,
    /// The deepest node so far.
    depth: Cell<usize>,
}

/// A name that outlives the borrow of its node.
#[derive(Debug)]
struct Named(QualName);

impl ElemName for Named {
    fn ns(&self) -> &Namespace {
        &self.0.ns
    }

    fn local_name(&self) -> &LocalName {
        &self.0.local
    }
}

impl Growing {
    fn new() -> Self {
        let page = Node {
            kind: Kind::Bare,
            children: Vec::new(),
            parent: None,
        };
        Self {
            nodes: RefCell::new(vec![page]),
            depth: Cell::new(0),
        }
    }

    fn add(&self, kind: Kind) -> NodeId {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(Node {
            kind,
            children: Vec::new(),
            parent: None,
        });
        nodes.len() - 1
    }

    /// Puts a child before place `at` of its parent, or last. Texts beside each other become one.
    fn put(&self, parent: NodeId, at: Option<usize>, child: NodeOrText<NodeId>) {
        let end = self.nodes.borrow()[parent].children.len();
        let at = at.unwrap_or(end);
        let child = match child {
            NodeOrText::AppendNode(child) => {
                self.remove_from_parent(&child);
                child
            }
            NodeOrText::AppendText(text) => {
                let mut nodes = self.nodes.borrow_mut();
                let before = at
                    .checked_sub(1)
                    .and_then(|before| nodes[parent].children.get(before).copied());
                if let Some(Kind::Text(there)) = before.map(|before| &mut nodes[before].kind) {
                    there.push_str(&text);
                    return;
                }
                drop(nodes);
                self.add(Kind::Text(text.to_string()))
            }
        };
        let mut nodes = self.nodes.borrow_mut();
        let at = at.min(nodes[parent].children.len());
        nodes[parent].children.insert(at, child);
        nodes[child].parent = Some(parent);
        drop(nodes);
        self.measure(child);
    }

    fn measure(&self, node: NodeId) {
        let nodes = self.nodes.borrow();
        let above = std::iter::successors(nodes[node].parent, |node| nodes[*node].parent);
        self.depth.set(self.depth.get().max(above.count()));
    }
}

impl TreeSink for Growing {
    type Handle = NodeId;
    type Output = Tree;
    type ElemName<'a> = Named;

    fn finish(self) -> Tree {
        Tree {
            nodes: self.nodes.into_inner(),
        }
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> NodeId {
        0
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Named {
        match &self.nodes.borrow()[*target].kind {
            Kind::Element { name, .. } => Named(name.clone()),
            _ => Named(QualName::new(None, Namespace::default(), LocalName::default())),
        }
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, _: ElementFlags) -> NodeId {
        self.add(Kind::Element { name, attributes })
    }

    fn create_comment(&self, _: StrTendril) -> NodeId {
        self.add(Kind::Comment)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> NodeId {
        self.add(Kind::Bare)
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        self.put(*parent, None, child);
    }

    fn append_based_on_parent_node(&self, element: &NodeId, before: &NodeId, child: NodeOrText<NodeId>) {
        if self.nodes.borrow()[*element].parent.is_some() {
            self.append_before_sibling(element, child);
        } else {
            self.append(before, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    /// A template shows nothing; what is in it hangs below the template itself.
    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        *target
    }

    fn same_node(&self, x: &NodeId, y: &NodeId) -> bool {
        x == y
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &NodeId, child: NodeOrText<NodeId>) {
        if let NodeOrText::AppendNode(child) = &child {
            self.remove_from_parent(child);
        }
        let place = {
            let nodes = self.nodes.borrow();
            let parent = nodes[*sibling].parent;
            parent.and_then(|parent| {
                let at = nodes[parent].children.iter().rposition(|node| node == sibling)?;
                Some((parent, at))
            })
        };
        if let Some((parent, at)) = place {
            self.put(parent, Some(at), child);
        }
    }

    fn add_attrs_if_missing(&self, target: &NodeId, added: Vec<Attribute>) {
        if let Kind::Element { attributes, .. } = &mut self.nodes.borrow_mut()[*target].kind {
            for attribute in added {
                if attributes.iter().all(|there| there.name != attribute.name) {
                    attributes.push(attribute);
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &NodeId) {
        let mut nodes = self.nodes.borrow_mut();
        if let Some(parent) = nodes[*target].parent.take() {
            // What moves was mostly put last.
            if let Some(at) = nodes[parent].children.iter().rposition(|child| child == target) {
                nodes[parent].children.remove(at);
            }
        }
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        let mut nodes = self.nodes.borrow_mut();
        let moved = std::mem::take(&mut nodes[*node].children);
        for child in &moved {
            nodes[*child].parent = Some(*new_parent);
        }
        nodes[*new_parent].children.extend(moved);
    }
}
