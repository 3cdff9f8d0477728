//! The tree below an object, as outliners show it (spec rest §2.10).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use components::Umid;
use store::TreeRow;

use crate::{Node, NodeError, Result};

/// Levels that are looked at, at most: deeper trees are not built by hand, and answers are nested as deep.
const MAX_DEPTH: u32 = 32;

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
    pub total_direct_children: usize,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Its children by order of creation; empty on the last level.
    pub children: Vec<TreeNode>,
}

impl Node {
    /// The tree below an object, `max_depth` levels of children. With `object_type`, children of other types are left
    /// out with all below them. Worlds are not part of the node's tree: there may be a hundred thousand of them.
    ///
    /// # Errors
    /// `NotFound("object_not_found")`.
    pub async fn tree(
        &self,
        object: Umid,
        max_depth: u32,
        object_type: Option<Umid>,
    ) -> Result<TreeNode> {
        let depth = max_depth.min(MAX_DEPTH);
        // One level more than shown, for the counts on the last level.
        let levels = if object == self.directory().node() {
            0
        } else {
            depth + 1
        };
        let rows = self.store().subtree(object, levels).await?;
        let catalogue = self.directory().catalogue();
        let type_name = |id: Umid| {
            catalogue
                .object_types
                .get(&id)
                .map_or("", |of| of.name.as_str())
        };
        build(&rows, depth, object_type, &type_name).ok_or(NodeError::NotFound("object_not_found"))
    }
}

/// Nests rows whose first is the root.
fn build<'a>(
    rows: &[TreeRow],
    depth: u32,
    object_type: Option<Umid>,
    type_name: &dyn Fn(Umid) -> &'a str,
) -> Option<TreeNode> {
    let (root, rest) = rows.split_first()?;
    let mut by_parent: HashMap<Umid, Vec<&TreeRow>> = HashMap::new();
    for row in rest
        .iter()
        .filter(|row| object_type.is_none_or(|wanted| wanted == row.object_type))
    {
        by_parent.entry(row.parent).or_default().push(row);
    }
    for children in by_parent.values_mut() {
        children.sort_by_key(|row| (row.created_at, row.id));
    }
    Some(nest(root, depth, &by_parent, type_name))
}

fn nest<'a>(
    row: &TreeRow,
    depth: u32,
    by_parent: &HashMap<Umid, Vec<&TreeRow>>,
    type_name: &dyn Fn(Umid) -> &'a str,
) -> TreeNode {
    let children = by_parent.get(&row.id).map_or(&[][..], Vec::as_slice);
    TreeNode {
        id: row.id,
        name: row.name.clone().unwrap_or_default(),
        object_type: row.object_type,
        object_type_name: type_name(row.object_type).to_owned(),
        total_direct_children: children.len(),
        created_at: row.created_at,
        children: match depth.checked_sub(1) {
            Some(depth) => children
                .iter()
                .map(|child| nest(child, depth, by_parent, type_name))
                .collect(),
            None => Vec::new(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> Umid {
        Umid::from_u128(number)
    }

    /// 1 is the root; 2 and 3 are below it, 4 below 2, 5 below 3. 3 and 4 are of type 8, the others of type 7.
    fn rows() -> Vec<TreeRow> {
        let row = |(object, parent, object_type)| TreeRow {
            id: id(object),
            parent: id(parent),
            object_type: id(object_type),
            name: Some(format!("object {object}")),
            created_at: DateTime::UNIX_EPOCH,
        };
        [(1, 1, 7), (3, 1, 8), (2, 1, 7), (4, 2, 8), (5, 3, 7)]
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

    fn tree(depth: u32, object_type: Option<u128>) -> String {
        shape(&build(&rows(), depth, object_type.map(id), &|_| "type").expect("has a root"))
    }

    #[test]
    fn the_last_level_counts_children_without_showing_them() {
        assert_eq!(tree(0, None), "1:2()");
        assert_eq!(tree(1, None), "1:2(2:1() 3:1())");
        assert_eq!(tree(9, None), "1:2(2:1(4:0()) 3:1(5:0()))");
    }

    #[test]
    fn children_of_other_types_go_with_all_below_them() {
        assert_eq!(
            tree(9, Some(7)),
            "1:1(2:0())",
            "4 is of another type, 5 is below one that is"
        );
        assert_eq!(tree(9, Some(9)), "1:0()");
    }

    #[test]
    fn nothing_has_no_tree() {
        assert_eq!(build(&[], 3, None, &|_| ""), None);
    }
}
