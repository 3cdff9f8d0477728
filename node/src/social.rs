//! Social activities of users: news feed and timelines, the calendar of events, and
//! contributions to canvases.

pub(crate) mod activities;
pub(crate) mod calendar;
pub(crate) mod canvas;

pub use activities::{Activity, ActivityPage, Post};
pub use canvas::{Contribution, ContributionPage};
