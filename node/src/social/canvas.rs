//! Contributions to canvases (docs/spec/model.md §8.3).

use std::collections::HashMap;

use components::{Reason, Umid};
use store::{ContributionRow, ContributionsQuery, UserRow};

use crate::{Node, NodeError, Result};

/// Longest text to search for in characters.
const MAX_SEARCH: usize = 256;

/// A contribution with who made it.
#[derive(Clone, Debug, PartialEq)]
pub struct Contribution {
    /// Kind of the contribution.
    pub row: ContributionRow,
    /// Its author.
    pub user: UserRow,
}

/// A part of the contributions to a canvas.
#[derive(Clone, Debug, PartialEq)]
pub struct ContributionPage {
    /// The part.
    pub contributions: Vec<Contribution>,
    /// Number of contributions in all.
    pub total: u64,
}

impl Node {
    /// The contributions to a canvas. Everybody may read them: that is what the attribute's type
    /// says.
    ///
    /// # Errors
    /// `ObjectNotFound`, `InvalidRequestQuery` for a text that cannot be searched for.
    pub async fn contributions(
        &self,
        canvas: Umid,
        query: &ContributionsQuery,
    ) -> Result<ContributionPage> {
        let search = query.search.as_deref().unwrap_or_default();
        if search.chars().count() > MAX_SEARCH || search.contains('\0') {
            return Err(NodeError::invalid(
                Reason::InvalidRequestQuery,
                "q is too long or has the character NUL",
            ));
        }
        self.require_object(canvas)?;
        let (rows, total) = self.store().contributions(canvas, query).await?;
        let users: Vec<Umid> = rows.iter().map(|row| row.user).collect();
        let users = self.store().users_by_ids(&users).await?;
        let users: HashMap<Umid, UserRow> = users.into_iter().map(|user| (user.id, user)).collect();
        // A user who left between the two queries took the contribution along.
        let with_user = |row: ContributionRow| {
            let user = users.get(&row.user)?.clone();
            Some(Contribution { row, user })
        };
        Ok(ContributionPage {
            contributions: rows.into_iter().filter_map(with_user).collect(),
            total,
        })
    }
}
