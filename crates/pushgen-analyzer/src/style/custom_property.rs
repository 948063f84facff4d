//! The custom properties of an element, with every `var()` in them replaced.
//!
//! In: the declarations that won for an element, and its parent's custom properties. Out: its own, sharing with the
//! parent what is the same. Follows CSS Variables 1 §2-3: a property in a cycle has no value, and neither has one that
//! refers to nothing. Every custom property is taken as a list of tokens, so that a relative URL belongs to the sheet where `var()` stands, not to where the custom property is set.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::allowance::Allowance;
use super::substitution::Template;

/// Custom properties that refer one to the next.
const MAX_DEPTH: usize = 64;

/// What setting a property costs, which makes some nodes of a trie anew.
const SETTING: usize = 96;

/// A declared value of a custom property.
#[derive(Debug, Clone, Copy)]
pub(super) enum Declared<'d> {
    Template(&'d Template),
    /// `initial`: no value, unless it is registered with one.
    Initial(Option<&'d Arc<str>>),
    /// `inherit` and `unset`.
    Inherit,
}

/// The computed custom properties of an element. Copies share everything.
#[derive(Debug, Clone, Default)]
pub(crate) struct CustomProperties {
    /// Those that are registered as not inherited, each of them with or without a value. They lie apart so that an
    /// element begins with all of them as they are at first, however many there are.
    own: Option<Arc<Node>>,
    inherited: Option<Arc<Node>>,
}

/// The same, not only equal.
impl PartialEq for CustomProperties {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl CustomProperties {
    fn identity(&self) -> [Option<*const Node>; 2] {
        [&self.own, &self.inherited].map(|trie| trie.as_ref().map(Arc::as_ptr))
    }

    pub(super) fn hash_identity(&self, hasher: &mut impl Hasher) {
        self.identity().hash(hasher);
    }

    /// The value of a property, with its two hyphens in the name.
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<str>> {
        let hash = hash(name);
        let own = Node::get(self.own.as_ref(), hash, name);
        let found = own.or_else(|| Node::get(self.inherited.as_ref(), hash, name));
        found?.as_ref()
    }

    /// Sets a property. Returns whether that changes anything.
    pub(super) fn set(&mut self, name: &Arc<str>, value: Option<Arc<str>>) -> bool {
        let hash = hash(name);
        let is_own = Node::get(self.own.as_ref(), hash, name).is_some();
        let trie = if is_own {
            &mut self.own
        } else {
            &mut self.inherited
        };
        let known = Node::get(trie.as_ref(), hash, name);
        if known.and_then(Option::as_ref) == value.as_ref() {
            return false;
        }
        *trie = Some(Node::with(trie.as_ref(), hash, 0, name, value));
        true
    }

    /// Adds a property that is not inherited.
    pub(super) fn add_own(&mut self, name: &Arc<str>, initial: Option<Arc<str>>) {
        let own = Node::with(self.own.as_ref(), hash(name), 0, name, initial);
        self.own = Some(own);
    }

    /// What children start with, if `root` is what the root starts with.
    pub(super) fn inherited(&self, root: &Self) -> Self {
        Self {
            own: root.own.clone(),
            inherited: self.inherited.clone(),
        }
    }

    /// What an element has that declares these, each name once.
    pub(super) fn of(
        parent: &Self,
        declared: &[(&Arc<str>, Declared<'_>)],
        allowance: &Allowance,
    ) -> Self {
        if declared.is_empty() {
            return parent.clone();
        }
        let mut resolver = Resolver {
            parent,
            declared,
            names: HashMap::new(),
            states: vec![State::Untouched; declared.len()],
            path: Vec::new(),
            allowance,
        };
        let refers = |(_, declared): &(&Arc<str>, Declared<'_>)| {
            matches!(declared, Declared::Template(Template::Pieces(_)))
        };
        if declared.iter().any(refers) {
            let names = declared.iter().enumerate();
            resolver.names = names.map(|(at, (name, _))| (&***name, at)).collect();
        }
        let mut computed = parent.clone();
        for (at, (name, _)) in declared.iter().enumerate() {
            let value = resolver.resolve(at);
            if computed.set(name, value) && !allowance.take(SETTING) {
                break;
            }
        }
        computed
    }
}

#[derive(Debug, Clone)]
enum State {
    Untouched,
    /// At this place of the path.
    Entered(usize),
    /// On the path, and found to refer to itself.
    Cyclic(usize),
    Done(Option<Arc<str>>),
}

/// Resolves the properties of one element in the order of their references.
struct Resolver<'r> {
    parent: &'r CustomProperties,
    declared: &'r [(&'r Arc<str>, Declared<'r>)],
    /// Where each name stands in `declared`.
    names: HashMap<&'r str, usize>,
    states: Vec<State>,
    /// What is being resolved, each one for the one before it.
    path: Vec<usize>,
    allowance: &'r Allowance,
}

impl Resolver<'_> {
    fn value(&mut self, name: &Arc<str>) -> Option<Arc<str>> {
        match self.names.get(&**name) {
            Some(&at) => self.resolve(at),
            None => self.parent.get(name).cloned(),
        }
    }

    fn resolve(&mut self, at: usize) -> Option<Arc<str>> {
        match self.states.get(at)?.clone() {
            State::Done(value) => return value,
            State::Entered(start) | State::Cyclic(start) => {
                // Whatever lies on the way back here is part of the cycle.
                for member in self.path.get(start..).unwrap_or_default() {
                    if let Some(state) = self.states.get_mut(*member)
                        && let State::Entered(place) = *state
                    {
                        *state = State::Cyclic(place);
                    }
                }
                return None;
            }
            State::Untouched => {}
        }
        let &(name, declared) = self.declared.get(at)?;
        let value = match declared {
            Declared::Initial(value) => value.cloned(),
            Declared::Inherit => self.parent.get(name).cloned(),
            Declared::Template(Template::Plain(text)) => Some(Arc::clone(text)),
            Declared::Template(template) => {
                if self.path.len() >= MAX_DEPTH {
                    self.allowance.exceed();
                    return None;
                }
                *self.states.get_mut(at)? = State::Entered(self.path.len());
                self.path.push(at);
                let text = template.substitute(self.allowance, &mut |name| self.value(name));
                self.path.pop();
                let is_cyclic = matches!(self.states.get(at), Some(State::Cyclic(_)));
                // Invalid at computed-value time is, for custom properties, to have no value.
                text.filter(|_| !is_cyclic)
            }
        };
        *self.states.get_mut(at)? = State::Done(value.clone());
        value
    }
}

/// The custom properties that some declaration needs, itself or by way of others. What nobody needs has no effect on
/// what is fetched, and need not be computed.
#[derive(Debug, Default)]
pub(crate) struct Needed(HashSet<Arc<str>>);

impl Needed {
    /// Of a page: what its container queries ask for, what its ordinary declarations refer to, and what its custom
    /// properties refer to.
    pub(crate) fn of<'d>(
        asked: impl IntoIterator<Item = &'d Arc<str>>,
        used: impl IntoIterator<Item = &'d Template>,
        custom: impl IntoIterator<Item = (&'d Arc<str>, &'d Template)>,
    ) -> Self {
        let mut needed = HashSet::new();
        let mut open: Vec<&Arc<str>> = Vec::new();
        let used = used.into_iter().flat_map(Template::names);
        for name in asked.into_iter().chain(used) {
            if needed.insert(Arc::clone(name)) {
                open.push(name);
            }
        }
        let mut references: HashMap<&str, Vec<&Template>> = HashMap::new();
        for (name, template) in custom {
            if matches!(template, Template::Pieces(_)) {
                references.entry(name).or_default().push(template);
            }
        }
        while let Some(name) = open.pop() {
            for template in references.remove(&**name).unwrap_or_default() {
                for name in template.names() {
                    if needed.insert(Arc::clone(name)) {
                        open.push(name);
                    }
                }
            }
        }
        Self(needed)
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

/// A hash array mapped trie: setting one of n properties costs O(log n), however many elements share the rest.
#[derive(Debug)]
enum Node {
    Branch([Option<Arc<Self>>; WIDTH]),
    /// Names of one hash; nearly always a single one. A property without a value hides that of the parent.
    Leaf(u64, Vec<(Arc<str>, Option<Arc<str>>)>),
}

const BITS: u32 = 4;
const WIDTH: usize = 1 << BITS;

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

/// The child that a hash leads to, `shift` bits down.
fn child(hash: u64, shift: u32) -> usize {
    (hash >> shift) as usize % WIDTH
}

impl Node {
    /// What is set for a name: a value, or that there is none.
    fn get<'n>(
        mut node: Option<&'n Arc<Self>>,
        hash: u64,
        name: &str,
    ) -> Option<&'n Option<Arc<str>>> {
        let mut shift = 0;
        loop {
            match &**node? {
                Self::Branch(children) => {
                    node = children.get(child(hash, shift))?.as_ref();
                    shift += BITS;
                }
                Self::Leaf(_, entries) => {
                    let (_, value) = entries.iter().find(|(key, _)| **key == *name)?;
                    return Some(value);
                }
            }
        }
    }

    /// The node with one property set; at most 16 levels deep.
    fn with(
        node: Option<&Arc<Self>>,
        hash: u64,
        shift: u32,
        name: &Arc<str>,
        value: Option<Arc<str>>,
    ) -> Arc<Self> {
        let entry = (Arc::clone(name), value);
        let mut children = match node.map(|node| &**node) {
            None => return Arc::new(Self::Leaf(hash, vec![entry])),
            Some(Self::Leaf(there, entries)) if *there == hash => {
                let others = entries.iter().filter(|(key, _)| key != name).cloned();
                return Arc::new(Self::Leaf(hash, others.chain([entry]).collect()));
            }
            Some(Self::Leaf(there, _)) => {
                let mut children = [const { None }; WIDTH];
                if let Some(place) = children.get_mut(child(*there, shift)) {
                    *place = node.cloned();
                }
                children
            }
            Some(Self::Branch(children)) => children.clone(),
        };
        if let Some(place) = children.get_mut(child(hash, shift)) {
            let (name, value) = entry;
            *place = Some(Self::with(place.as_ref(), hash, shift + BITS, &name, value));
        }
        Arc::new(Self::Branch(children))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use cssparser::Parser;
    use proptest::prelude::*;

    use super::*;

    fn compute(
        parent: &CustomProperties,
        declared: &[(&str, &str)],
        allowance: &Allowance,
    ) -> CustomProperties {
        let templates: Vec<(Arc<str>, Option<Template>)> = declared
            .iter()
            .map(|(name, value)| {
                let template = Template::parse(&mut Parser::new(value)).ok();
                (Arc::from(*name), template)
            })
            .collect();
        let declared: Vec<_> = templates
            .iter()
            .filter_map(|(name, template)| Some((name, Declared::Template(template.as_ref()?))))
            .collect();
        CustomProperties::of(parent, &declared, allowance)
    }

    fn values(declared: &[(&str, &str)]) -> Vec<Option<String>> {
        let computed = compute(
            &CustomProperties::default(),
            declared,
            &Allowance::default(),
        );
        let value = |(name, _): &(&str, &str)| computed.get(name).map(|text| text.to_string());
        declared.iter().map(value).collect()
    }

    /// Each is as Chromium 156 has it, told by which image it loads.
    #[test]
    fn cycles_have_no_value() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            values(&[
                ("--a", "var(--b)"),
                ("--b", "var(--a)"),
                ("--c", "var(--a, x)")
            ]),
            [None, None, text("x")]
        );
        // A fallback that is not needed makes no cycle.
        assert_eq!(
            values(&[("--b", "1px"), ("--a", "var(--b, var(--a))")]),
            [text("1px"), text("1px")]
        );
        assert_eq!(values(&[("--a", "var(--a)")]), [None]);
        assert_eq!(values(&[("--a", "var(--a, x)")]), [None]);
        assert_eq!(values(&[("--a", "var(--z, var(--a))")]), [None]);
        // What only refers to a cycle is not part of it.
        assert_eq!(
            values(&[
                ("--d", "var(--a, y)"),
                ("--a", "var(--b)"),
                ("--b", "var(--c)"),
                ("--c", "var(--b)"),
            ]),
            [text("y"), None, None, None]
        );
    }

    #[test]
    fn children_share_and_override() {
        let allowance = Allowance::default();
        let root = compute(
            &CustomProperties::default(),
            &[("--a", "1"), ("--b", "var(--a)")],
            &allowance,
        );
        let child = compute(
            &root,
            &[("--a", "2"), ("--c", "var(--b) var(--a)")],
            &allowance,
        );
        assert_eq!(child.get("--b").map(|text| &**text), Some("1"));
        assert_eq!(child.get("--c").map(|text| &**text), Some("1 2"));
        assert_eq!(root.get("--a").map(|text| &**text), Some("1"));
        let same = compute(&root, &[("--a", "1")], &allowance);
        assert_eq!(same, root);
        let invalid = compute(&root, &[("--a", "var(--z)")], &allowance);
        assert_eq!(invalid.get("--a"), None);
    }

    #[test]
    fn many_properties_are_found_again() {
        let names: Vec<String> = (0..2000).map(|n| format!("--n{n}")).collect();
        let declared: Vec<_> = names.iter().map(|name| (&**name, &**name)).collect();
        let computed = compute(
            &CustomProperties::default(),
            &declared,
            &Allowance::default(),
        );
        for name in &names {
            assert_eq!(computed.get(name).map(|text| &**text), Some(&**name));
        }
        assert_eq!(computed.get("--n2000"), None);
    }

    #[test]
    fn only_what_is_referred_to_is_needed() {
        let template = |text| Template::parse(&mut Parser::new(text)).expect("a value");
        let used = template("var(--a)");
        let custom: Vec<(Arc<str>, Template)> = [
            ("--a", "var(--b, var(--c))"),
            ("--c", "x"),
            ("--d", "var(--e)"),
        ]
        .map(|(name, text)| (name.into(), template(text)))
        .into();
        let needed = Needed::of(
            [],
            [&used],
            custom.iter().map(|(name, value)| (name, value)),
        );
        let is_needed = ["--a", "--b", "--c", "--d", "--e"].map(|name| needed.contains(name));
        assert_eq!(is_needed, [true, true, true, false, false]);
    }

    /// Each property is twice the one before: 2^60 bytes, if nobody stopped it.
    #[test]
    fn a_bomb_is_cut_short() {
        let names: Vec<String> = (0..=60).map(|n| format!("--n{n}")).collect();
        let doubles: Vec<String> = names
            .iter()
            .map(|name| format!("var({name}) var({name})"))
            .collect();
        let mut declared = vec![(&*names[0], "lol")];
        declared.extend(
            names
                .iter()
                .skip(1)
                .zip(&doubles)
                .map(|(n, v)| (&**n, &**v)),
        );
        declared.reverse();
        let start = Instant::now();
        let allowance = Allowance::default();
        let mut root = CustomProperties::default();
        for _ in 0..200 {
            root = compute(&CustomProperties::default(), &declared, &allowance);
        }
        assert_eq!(root.get("--n60"), None);
        assert!(start.elapsed() < Duration::from_secs(20));
        let wide = format!("x {}", "var(--n0) ".repeat(100_000));
        let spent = compute(
            &CustomProperties::default(),
            &[("--n0", "lol"), ("--wide", &wide)],
            &allowance,
        );
        assert_eq!(spent.get("--wide"), None);
    }

    #[test]
    fn a_chain_that_is_too_long_is_told() {
        let names: Vec<String> = (0..50_000).map(|n| format!("--n{n}")).collect();
        let next: Vec<String> = (1..=50_000).map(|n| format!("var(--n{n})")).collect();
        let declared: Vec<_> = names.iter().zip(&next).map(|(n, v)| (&**n, &**v)).collect();
        let allowance = Allowance::default();
        let root = compute(&CustomProperties::default(), &declared, &allowance);
        assert_eq!(root.get("--n0"), None);
        assert!(allowance.is_exceeded());
    }

    /// The longest chain with the deepest fallbacks fits the stack of a worker.
    #[test]
    fn depths_multiply_within_the_stack() {
        let names: Vec<String> = (0..MAX_DEPTH).map(|n| format!("--n{n}")).collect();
        let values: Vec<String> = (1..=MAX_DEPTH)
            .map(|n| format!("{}var(--n{n}){}", "var(--z,".repeat(30), ")".repeat(30)))
            .collect();
        let declared: Vec<_> = names
            .iter()
            .zip(&values)
            .map(|(n, v)| (&**n, &**v))
            .collect();
        let root = compute(
            &CustomProperties::default(),
            &[("--n64", "end")],
            &Allowance::default(),
        );
        let computed = compute(&root, &declared, &Allowance::default());
        assert_eq!(computed.get("--n0").map(|text| &**text), Some("end"));
    }

    proptest! {
        /// Any tangle of references ends, and gives the same whichever is asked for first.
        #[test]
        fn tangles_end(references in proptest::collection::vec(
            (0usize..8, 0usize..8, proptest::option::of(0usize..8)), 1..8,
        )) {
            let names: Vec<String> = (0..8).map(|n| format!("--n{n}")).collect();
            let texts: Vec<String> = references
                .iter()
                .map(|(first, second, fallback)| match fallback {
                    Some(fallback) => format!("a var(--n{first}, var(--n{fallback})) var(--n{second}, b)"),
                    None => format!("a var(--n{first}) var(--n{second}, b)"),
                })
                .collect();
            let declared: Vec<_> = names.iter().zip(&texts).map(|(n, v)| (&**n, &**v)).collect();
            let root = compute(&CustomProperties::default(), &declared, &Allowance::default());
            for name in &names {
                prop_assert!(root.get(name).is_none_or(|text| !text.contains("var(")));
            }
        }
    }
}
