//! Records of requests to third parties.

pub(crate) mod ai_jobs;

pub use ai_jobs::AiJob;
