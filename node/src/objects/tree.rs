//! The tree below an object, as outliners show it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use components::{Reason, Umid};
use store::OutlineRow;

use crate::{Node, NodeError, Result};

/// Levels that are looked at, at most: deeper trees are not built by hand, and answers are nested
/// as deep.
const MAX_DEPTH: u32 = 32;
/// Objects of one tree, at most; those furthest from the root are left out first.
const MAX_OBJECTS: u32 = 10_000;

/// An object and what is below it.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeNode {
    /// The object.
    pub id: Umid,
    /// Its display name, empty if unset.
    pub name: String,
    /// Its type.
    pub object_type: Umid,
    /// Name of the type.
    pub object_type_name: String,
    /// Direct children there are, counting only those that were asked for.
    pub total_direct_children: u64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Its children by order of creation; empty on the last level.
    pub children: Vec<TreeNode>,
}

impl Node {
    /// The tree below an object, `max_depth` levels of children and 10,000 objects at most. With
    /// `object_type`, children of other types are left out with all below them. Worlds are not part
    /// of the node's tree: there may be a hundred thousand of them.
    ///
    /// # Errors
    /// `ObjectNotFound`.
    pub async fn tree(
        &self,
        object: Umid,
        max_depth: u32,
        object_type: Option<Umid>,
    ) -> Result<TreeNode> {
        let depth = max_depth.min(MAX_DEPTH);
        let levels = if object == self.directory().node() {
            0
        } else {
            depth
        };
        let rows = self
            .store()
            .outline(object, levels, object_type, MAX_OBJECTS)
            .await?;
        let catalogue = self.directory().catalogue();
        let type_name = |id: Umid| {
            catalogue
                .object_types
                .get(&id)
                .map_or("", |of| of.name.as_str())
        };
        build(&rows, &type_name).ok_or(NodeError::Refused(Reason::ObjectNotFound))
    }
}

/// Nests rows whose first is the root.
fn build<'a>(rows: &[OutlineRow], type_name: &dyn Fn(Umid) -> &'a str) -> Option<TreeNode> {
    let (root, rest) = rows.split_first()?;
    let mut by_parent: HashMap<Umid, Vec<&OutlineRow>> = HashMap::new();
    for row in rest {
        by_parent.entry(row.object.parent).or_default().push(row);
    }
    Some(nest(root, &by_parent, type_name))
}

fn nest<'a>(
    row: &OutlineRow,
    by_parent: &HashMap<Umid, Vec<&OutlineRow>>,
    type_name: &dyn Fn(Umid) -> &'a str,
) -> TreeNode {
    let object = &row.object;
    let children = by_parent.get(&object.id).map_or(&[][..], Vec::as_slice);
    TreeNode {
        id: object.id,
        name: object.name.clone().unwrap_or_default(),
        object_type: object.object_type,
        object_type_name: type_name(object.object_type).to_owned(),
        total_direct_children: row.children,
        created_at: object.created_at,
        children: children
            .iter()
            .map(|child| nest(child, by_parent, type_name))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use store::TreeRow;

    use super::*;

    fn id(number: u128) -> Umid {
        Umid::from_u128(number)
    }

    /// 1 is the root; 2 and 3 are below it, 4 below 2. 3 has children that are not shown.
    fn rows() -> Vec<OutlineRow> {
        let row = |(object, parent, children)| OutlineRow {
            object: TreeRow {
                id: id(object),
                parent: id(parent),
                object_type: id(7),
                name: Some(format!("object {object}")),
                created_at: DateTime::UNIX_EPOCH,
            },
            children,
        };
        [(1, 9, 2), (3, 1, 5), (2, 1, 1), (4, 2, 0)]
            .map(row)
            .to_vec()
    }

    fn shape(node: &TreeNode) -> String {
        let children: Vec<_> = node.children.iter().map(shape).collect();
        format!(
            "{}:{}({})",
            node.id.as_u128(),
            node.total_direct_children,
            children.join(" ")
        )
    }

    #[test]
    fn rows_are_nested_in_their_order() {
        let root = build(&rows(), &|_| "type").expect("has a root");
        assert_eq!(shape(&root), "1:2(3:5() 2:1(4:0()))");
        assert_eq!(root.children[0].name, "object 3");
        assert_eq!(root.object_type_name, "type");
    }

    #[test]
    fn nothing_has_no_tree() {
        assert_eq!(build(&[], &|_| ""), None);
    }
}
