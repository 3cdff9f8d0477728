//! The view of clients on a world: whole worlds, ticked by hand, with sessions that read real
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
mod ownership;
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
