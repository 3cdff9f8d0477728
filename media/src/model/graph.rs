//! The nodes of a model are trees.

use gltf::json::Root;

use crate::{MediaError, Result};

/// Refuses nodes with two parents and nodes that are above themselves.
pub(super) fn check(root: &Root) -> Result<()> {
    let mut parents = vec![None; root.nodes.len()];
    for (n, node) in root.nodes.iter().enumerate() {
        for child in node.children.iter().flatten() {
            let parent = &mut parents[child.value()];
            if parent.is_some() {
                let rule = format!("nodes[{}] has two parents", child.value());
                return Err(MediaError::Invalid(rule));
            }
            *parent = Some(n);
        }
    }
    // With one parent each, a node leads to a root or around a circle.
    let mut known = vec![false; parents.len()];
    for start in 0..parents.len() {
        let mut path = Vec::new();
        let mut at = Some(start);
        while let Some(node) = at.filter(|node| !known[*node]) {
            if path.len() > parents.len() {
                let rule = format!("nodes[{start}] is below itself");
                return Err(MediaError::Invalid(rule));
            }
            path.push(node);
            at = parents[node];
        }
        for node in path {
            known[node] = true;
        }
    }
    Ok(())
}
