//! Small worlds, measured as large ones are: the figures are checked for what they count, never for
//! how long it took.

mod figures;
mod refused;
