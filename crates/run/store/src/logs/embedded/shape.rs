//! Shapes: which fields a record has, in which order, and of which kinds.
//!
//! Records of one source have few shapes. A shape is a walk through a tree of steps (enter the object `card`,
//! the text `brand`, leave it, the number `amount`), so that a record is known by walking along, and what it
//! takes beyond its values is one number. With it the very same JSON comes back: the order of fields, `{}`,
//! `null`, and whether `a.b` was one key or two.

use std::sync::Arc;

use hashbrown::HashTable;
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::{
    Error,
    hash::QuickMap,
    wire::{Reader, put_text, put_varint},
};

/// Fields of one record, those within objects counted too. Elasticsearch's own limit for an index is 1,000.
pub(super) const FIELDS_MAX: usize = 2_000;

/// What a column holds. A field that changes its kind has a column for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Text,
    Integer,
    /// An integer beyond `i64`.
    Unsigned,
    Float,
    Truth,
    /// A list, as JSON.
    List,
}

impl Kind {
    const ALL: [Self; 6] = [
        Self::Text,
        Self::Integer,
        Self::Unsigned,
        Self::Float,
        Self::Truth,
        Self::List,
    ];

    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(_) => Some(Self::Text),
            Value::Number(n) if n.is_i64() => Some(Self::Integer),
            Value::Number(n) if n.is_u64() => Some(Self::Unsigned),
            Value::Number(_) => Some(Self::Float),
            Value::Bool(_) => Some(Self::Truth),
            Value::Array(_) => Some(Self::List),
            Value::Null | Value::Object(_) => None,
        }
    }

    pub fn code(self) -> u8 {
        self as u8
    }

    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

/// Which column: a path through objects joined by dots, and a kind. `nth` tells apart the two fields of
/// `{"a.b": 1, "a": {"b": 2}}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub path: Arc<str>,
    pub kind: Kind,
    pub nth: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Enter(Arc<str>),
    Leave,
    Null(Arc<str>),
    Value { name: Arc<str>, column: u32 },
}

/// A node of the tree: the step that leads to it.
#[derive(Clone)]
struct Node {
    parent: u32,
    step: Step,
    /// The step that was taken from here last: mostly it is taken again.
    newest: u32,
    shape: Option<u32>,
}

const ROOT: u32 = 0;
const NONE: u32 = u32::MAX;

/// What a step is compared by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Enter,
    Leave,
    Null,
    Value(Kind),
}

impl Sign {
    fn code(self) -> u8 {
        match self {
            Self::Enter => 0,
            Self::Leave => 1,
            Self::Null => 2,
            Self::Value(kind) => 3 + kind.code(),
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Enter,
            1 => Self::Leave,
            2 => Self::Null,
            code => Self::Value(Kind::from_code(code - 3)?),
        })
    }
}

/// All shapes of a table or block, and the columns that they lead to.
#[derive(Clone)]
pub(super) struct Shapes {
    nodes: Vec<Node>,
    children: HashTable<u32>,
    places: Vec<Place>,
    by_place: QuickMap<Place, u32>,
    /// The last node of each shape.
    ends: Vec<u32>,
}

impl Default for Shapes {
    fn default() -> Self {
        let root = Node {
            parent: ROOT,
            step: Step::Leave,
            newest: NONE,
            shape: None,
        };
        Self {
            nodes: vec![root],
            children: HashTable::new(),
            places: Vec::new(),
            by_place: QuickMap::default(),
            ends: Vec::new(),
        }
    }
}

impl Shapes {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn places(&self) -> &[Place] {
        &self.places
    }

    pub fn walk(&mut self) -> Walk<'_> {
        Walk {
            shapes: self,
            at: ROOT,
            fields: 0,
        }
    }

    /// The steps of a shape, first to last.
    pub fn steps(&self, shape: u32) -> Vec<&Step> {
        let mut steps = Vec::new();
        let mut at = self.ends.get(shape as usize).copied().unwrap_or(ROOT);
        while let Some(node) = self.nodes.get(at as usize)
            && at != ROOT
        {
            steps.push(&node.step);
            at = node.parent;
        }
        steps.reverse();
        steps
    }

    /// For each shape the columns that it has.
    pub fn columns(&self) -> Vec<Vec<u32>> {
        let columns = |shape| {
            let steps = self.steps(shape).into_iter();
            steps.filter_map(|step| match step {
                Step::Value { column, .. } => Some(*column),
                _ => None,
            })
        };
        let all = 0..u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        all.map(|shape| columns(shape).collect()).collect()
    }

    /// Whether records of a shape have something other than null, or an object without anything, under a path.
    pub fn holds(&self, shape: u32, path: &str) -> bool {
        let mut walked = Vec::new();
        let mut steps = self.steps(shape).into_iter().peekable();
        std::iter::from_fn(|| steps.next().map(|step| (step, steps.peek().copied()))).any(
            |(step, next)| match step {
                Step::Enter(name) => {
                    walked.push(name.clone());
                    !matches!(next, Some(Step::Leave)) && joins(&walked, path)
                }
                Step::Leave => {
                    walked.pop();
                    false
                }
                Step::Null(_) => false,
                // A list is there when one of its items is, which only its values tell.
                Step::Value { column, .. } => self
                    .places
                    .get(*column as usize)
                    .is_some_and(|place| place.kind != Kind::List && *place.path == *path),
            },
        )
    }

    pub fn put(&self, out: &mut Vec<u8>) {
        put_varint(out, self.ends.len() as u64);
        for shape in 0..u32::try_from(self.ends.len()).unwrap_or(u32::MAX) {
            let steps = self.steps(shape);
            put_varint(out, steps.len() as u64);
            for step in steps {
                out.push(self.sign(step).code());
                match step {
                    Step::Enter(name) | Step::Null(name) | Step::Value { name, .. } => {
                        put_text(out, name);
                    }
                    Step::Leave => {}
                }
            }
        }
    }

    /// Columns are numbered as they were when the shapes were written: in the order in which they come.
    pub fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let mut shapes = Self::default();
        for _ in 0..reader.varint()? {
            let mut walk = shapes.walk();
            for _ in 0..reader.varint()? {
                let sign = Sign::from_code(reader.byte()?)?;
                let name = if sign == Sign::Leave {
                    ""
                } else {
                    reader.text()?
                };
                walk.step(sign, name).ok()?;
            }
            walk.end();
        }
        Some(shapes)
    }

    fn sign(&self, step: &Step) -> Sign {
        match step {
            Step::Enter(_) => Sign::Enter,
            Step::Leave => Sign::Leave,
            Step::Null(_) => Sign::Null,
            Step::Value { column, .. } => Sign::Value(
                self.places
                    .get(*column as usize)
                    .map_or(Kind::Text, |place| place.kind),
            ),
        }
    }

    fn is(&self, node: u32, parent: u32, sign: Sign, name: &str) -> bool {
        self.nodes.get(node as usize).is_some_and(|node| {
            node.parent == parent
                && self.sign(&node.step) == sign
                && match &node.step {
                    Step::Enter(known) | Step::Null(known) | Step::Value { name: known, .. } => {
                        **known == *name
                    }
                    Step::Leave => true,
                }
        })
    }
}

/// One record's way through the tree.
pub(super) struct Walk<'s> {
    shapes: &'s mut Shapes,
    at: u32,
    fields: usize,
}

impl Walk<'_> {
    /// Takes a step; where it leads to a value, the column that takes it.
    pub fn step(&mut self, sign: Sign, name: &str) -> Result<Option<u32>, Error> {
        self.fields += usize::from(sign != Sign::Leave);
        if self.fields > FIELDS_MAX {
            return Err(Error::over(
                "the number of fields in one log record",
                FIELDS_MAX,
            ));
        }
        let newest = self.shapes.nodes[self.at as usize].newest;
        let next = if newest != NONE && self.shapes.is(newest, self.at, sign, name) {
            newest
        } else {
            self.find_or_grow(sign, name)
        };
        self.shapes.nodes[self.at as usize].newest = next;
        self.at = next;
        Ok(match self.shapes.nodes[next as usize].step {
            Step::Value { column, .. } => Some(column),
            _ => None,
        })
    }

    pub fn kind(&self, column: usize) -> Option<Kind> {
        self.shapes.places.get(column).map(|place| place.kind)
    }

    /// The shape of the record that ends here.
    pub fn end(self) -> u32 {
        let shapes = self.shapes;
        let count = u32::try_from(shapes.ends.len()).unwrap_or(u32::MAX);
        let node = &mut shapes.nodes[self.at as usize];
        *node.shape.get_or_insert_with(|| {
            shapes.ends.push(self.at);
            count
        })
    }

    fn find_or_grow(&mut self, sign: Sign, name: &str) -> u32 {
        let hash = hash(self.at, sign, name);
        let shapes = &*self.shapes;
        let known = shapes
            .children
            .find(hash, |node| shapes.is(*node, self.at, sign, name));
        if let Some(known) = known {
            return *known;
        }
        let name: Arc<str> = name.into();
        let step = match sign {
            Sign::Enter => Step::Enter(name),
            Sign::Leave => Step::Leave,
            Sign::Null => Step::Null(name),
            Sign::Value(kind) => Step::Value {
                column: self.column(&name, kind),
                name,
            },
        };
        let shapes = &mut *self.shapes;
        let node = u32::try_from(shapes.nodes.len()).unwrap_or(NONE);
        shapes.nodes.push(Node {
            parent: self.at,
            step,
            newest: NONE,
            shape: None,
        });
        let nodes = &shapes.nodes;
        let sign_of = |step: &Step| match step {
            Step::Enter(name) => (Sign::Enter, name.clone()),
            Step::Leave => (Sign::Leave, "".into()),
            Step::Null(name) => (Sign::Null, name.clone()),
            Step::Value { name, column } => (
                Sign::Value(shapes.places[*column as usize].kind),
                name.clone(),
            ),
        };
        shapes.children.insert_unique(hash, node, |node| {
            let node = &nodes[*node as usize];
            let (sign, name) = sign_of(&node.step);
            self::hash(node.parent, sign, &name)
        });
        node
    }

    fn column(&mut self, name: &Arc<str>, kind: Kind) -> u32 {
        let path = self.path(name);
        let taken = self.taken();
        let mut place = Place { path, kind, nth: 0 };
        loop {
            match self.shapes.by_place.get(&place) {
                Some(column) if taken.contains(column) => place.nth += 1,
                Some(column) => return *column,
                None => break,
            }
        }
        let column = u32::try_from(self.shapes.places.len()).unwrap_or(NONE);
        self.shapes.places.push(place.clone());
        self.shapes.by_place.insert(place, column);
        column
    }

    /// The columns that the record has taken already.
    fn taken(&self) -> Vec<u32> {
        let mut taken = Vec::new();
        let mut at = self.at;
        while at != ROOT {
            let node = &self.shapes.nodes[at as usize];
            if let Step::Value { column, .. } = node.step {
                taken.push(column);
            }
            at = node.parent;
        }
        taken
    }

    fn path(&self, name: &Arc<str>) -> Arc<str> {
        let (mut around, mut depth, mut at) = (Vec::new(), 0, self.at);
        while at != ROOT {
            let node = &self.shapes.nodes[at as usize];
            match &node.step {
                Step::Leave => depth += 1,
                Step::Enter(_) if depth > 0 => depth -= 1,
                Step::Enter(name) => around.push(name.clone()),
                _ => {}
            }
            at = node.parent;
        }
        if around.is_empty() {
            return name.clone();
        }
        around.reverse();
        around.push(name.clone());
        around.join(".").into()
    }
}

/// Whether the names joined by dots are the path.
fn joins(names: &[Arc<str>], path: &str) -> bool {
    let mut rest = path;
    for (i, name) in names.iter().enumerate() {
        let Some(after) = rest.strip_prefix(&**name) else {
            return false;
        };
        rest = after;
        if i + 1 < names.len() {
            let Some(after) = rest.strip_prefix('.') else {
                return false;
            };
            rest = after;
        }
    }
    rest.is_empty()
}

fn hash(parent: u32, sign: Sign, name: &str) -> u64 {
    let seed = u64::from(parent) << 8 | u64::from(sign.code());
    xxh3_64_with_seed(name.as_bytes(), seed)
}
