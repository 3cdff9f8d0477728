//! Social activities of users, and contributions to canvases.

pub(crate) mod activities;
pub(crate) mod canvas;

pub use activities::{ActivityEdit, ActivityRow, Feed, NewActivity, WorldLabel, stake_activity_id};
pub use canvas::{CONTRIBUTION, ContributionOrder, ContributionRow, ContributionsQuery};
