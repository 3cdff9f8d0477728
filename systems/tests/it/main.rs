//! What people in a world see of it: whole worlds, ticked by hand, with sessions that read real
//! frames.

mod allocations;
mod attributes;
mod coherence;
mod crowd;
mod determinism;
mod high_five;
mod join;
mod leave;
mod locks;
mod movement;
mod objects;
mod pace;
mod placement;
mod position;
mod reconnect;
mod replica;
mod resume;
mod roles;
mod sets;
mod slots;
mod slow_reader;
mod stop;
mod stopwatch;
mod view;
