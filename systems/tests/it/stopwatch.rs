//! Times of the sets of a tick, if they are asked for.

use std::time::{Duration, Instant};

use systems::{ExtensionBuilder, WorldSet};
use testkit::world::*;

#[test]
fn each_set_is_charged_with_what_its_systems_take() {
    const BUSY: Duration = Duration::from_millis(20);
    for (index, set) in WorldSet::ALL.into_iter().enumerate() {
        let mut stage = WorldBuilder::default().open();
        assert_eq!(stage.world.set_times(), None);
        stage.world.time_sets();
        stage.world.extend(&move |world: &mut ExtensionBuilder| {
            let busy = || {
                let end = Instant::now() + BUSY;
                while Instant::now() < end {
                    std::hint::spin_loop();
                }
            };
            world.add_systems(set, busy);
        });
        let started = Instant::now();
        stage.tick();
        let took = started.elapsed();
        let times = stage.world.set_times().expect("measured");
        assert!(times[index] >= BUSY, "{set:?}: {times:?}");
        assert!(
            times.iter().sum::<Duration>() <= took,
            "{times:?} of {took:?}"
        );
    }
}
