//! Runs all worlds, one after the other.

use std::time::{Duration, Instant};

use systems::WorldSet;

use crate::{
    Machine,
    tick::{
        Fit, TickOptions,
        received::{Received, Updates},
        report::{Allocations, Case, Delivered, Quantiles, Report, SetCost},
        scene::Scene,
    },
};

/// Runs something and answers how many allocations it made. A library cannot count them, only a
/// program that has an allocator which does.
pub type Counter = fn(&mut dyn FnMut()) -> u64;

/// Why there are no figures.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BenchError {
    /// The options make no sense.
    #[error("{0}")]
    Options(&'static str),
    /// The measurement is not the one that was asked for.
    #[error("{users} users, {objects} objects: {what}")]
    Nothing {
        /// In which world.
        users: u32,
        /// With how many objects.
        objects: u32,
        /// The difference.
        what: String,
    },
    /// A session was closed.
    #[error("a session was closed: {0}")]
    Closed(&'static str),
    /// More people at once than fit the inbox of a world.
    #[error("more people enter and leave at once than a world takes in one tick")]
    InboxFull,
    /// The world ended.
    #[error("the world ended")]
    Ended,
}

/// The current step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Number of worlds that are done.
    pub done: usize,
    /// Of how many.
    pub of: usize,
    /// Users in the present one.
    pub users: u32,
    /// Objects in the present one.
    pub objects: u32,
}

/// Measures all worlds that the options name.
///
/// # Errors
/// If the options make no sense, or if in some world nothing was seen of what should have happened.
pub fn run(
    options: &TickOptions,
    counter: Option<Counter>,
    mut progress: impl FnMut(Progress),
) -> Result<Report, BenchError> {
    let mut sizes: Vec<(u32, u32)> = Vec::new();
    for objects in &options.objects {
        sizes.extend(options.users.iter().map(|users| (*users, *objects)));
    }
    if sizes.is_empty() || options.users.contains(&0) || options.ticks == 0 {
        return Err(BenchError::Options(
            "nothing to measure: no sizes, a world without users, or no ticks",
        ));
    }
    sizes.sort_unstable();
    sizes.dedup();
    let machine = Machine::before_run();
    let mut cases = Vec::with_capacity(sizes.len());
    let mut tick_rate = 0;
    for (done, &(users, objects)) in sizes.iter().enumerate() {
        progress(Progress {
            done,
            of: sizes.len(),
            users,
            objects,
        });
        let mut scene = Scene::new(options, users, objects);
        tick_rate = scene.tick_rate();
        cases.push(measure(&mut scene, options, users, objects, counter)?);
    }
    let mut objects = options.objects.clone();
    objects.sort_unstable();
    objects.dedup();
    Ok(Report {
        options: options.clone(),
        machine: machine.after_run(),
        tick_rate,
        growth: objects
            .into_iter()
            .filter_map(|objects| Fit::of(&cases, objects))
            .collect(),
        cases,
    })
}

fn measure(
    scene: &mut Scene,
    options: &TickOptions,
    users: u32,
    objects: u32,
    counter: Option<Counter>,
) -> Result<Case, BenchError> {
    let failed = |what: String| BenchError::Nothing {
        users,
        objects,
        what,
    };
    scene.fill(users)?;
    for _ in 0..options.warm_up {
        scene.live_on()?;
        scene.world.tick();
        scene.drain()?;
    }
    scene.start_over();

    let mut ticks = Vec::with_capacity(options.ticks as usize);
    let mut sets = WorldSet::ALL.map(|_| Vec::with_capacity(options.ticks as usize));
    let mut counted: Vec<u64> = Vec::new();
    let mut moves = 0;
    for _ in 0..options.ticks {
        moves += scene.live_on()?;
        let mut present = 0;
        let mut took = Duration::ZERO;
        let mut tick = || {
            let started = Instant::now();
            let report = scene.world.tick();
            took = started.elapsed();
            present = report.users;
        };
        match counter {
            Some(counter) => counted.push(counter(&mut tick)),
            None => tick(),
        }
        ticks.push(took);
        let times = scene.world.world.set_times().unwrap_or_default();
        for (all, took) in sets.iter_mut().zip(times) {
            all.push(took);
        }
        if present != users as usize {
            return Err(failed(format!("{present} users are in the world")));
        }
        scene.drain()?;
    }

    let told = told(scene, users, options.ticks, moves).map_err(failed)?;
    let sets = WorldSet::ALL.into_iter().zip(&mut sets);
    Ok(Case {
        users,
        objects,
        tick: Quantiles::of(&mut ticks),
        sets: sets
            .map(|(set, times)| SetCost {
                set: set.name(),
                took: Quantiles::of(times),
            })
            .collect(),
        allocations: counter.map(|_| Allocations {
            mean: counted.iter().sum::<u64>() as f64 / counted.len().max(1) as f64,
            max: counted.iter().copied().max().unwrap_or(0),
        }),
        moves_per_second: moves as f64 / seconds(options.ticks, scene.tick_rate()),
        told,
        trace: format!("{:016x}", scene.trace()),
    })
}

/// Messages to the sessions, of which there have to be some if anybody moved.
fn told(scene: &Scene, users: u32, ticks: u32, moves: usize) -> Result<Delivered, String> {
    let received = scene.received();
    let sum = |count: fn(&Received) -> u64| received.iter().map(count).sum::<u64>();
    let updates = [0, 1].map(|version: usize| {
        let all = received.iter().map(|received| received.updates[version]);
        all.fold(Updates::default(), |sum, one| Updates {
            count: sum.count + one.count,
            bytes: sum.bytes + one.bytes,
        })
    });
    let count = updates.iter().map(|updates| updates.count).sum::<u64>();
    let strangers = sum(|received| received.strangers);
    if strangers > 0 {
        return Err(format!(
            "{strangers} places are of handles that are nobody's"
        ));
    }
    let undecodable = sum(|received| received.undecodable);
    if undecodable > 0 {
        return Err(format!("{undecodable} frames could not be decoded"));
    }
    if let Some(received) = received
        .iter()
        .find(|received| received.present() != users as usize)
    {
        return Err(format!("a session knows of {} users", received.present()));
    }
    if moves > 0 && users > 1 && (count == 0 || scene.given.bytes == 0) {
        return Err("somebody moved, and nobody was told".to_owned());
    }
    let watched = received.len().max(1) as f64;
    let seconds = seconds(ticks, scene.tick_rate());
    let each = |total: u64| total as f64 / f64::from(users) / seconds;
    Ok(Delivered {
        bytes_per_session_second: each(scene.given.bytes),
        frames_per_session_second: each(scene.given.frames),
        updates_per_session_second: count as f64 / watched / seconds,
        bytes_per_update_v1: updates[0].bytes_of_one(),
        bytes_per_update_v2: updates[1].bytes_of_one(),
        heard_of: scene.heard_of(),
    })
}

fn seconds(ticks: u32, tick_rate: u32) -> f64 {
    f64::from(ticks) / f64::from(tick_rate.max(1))
}
