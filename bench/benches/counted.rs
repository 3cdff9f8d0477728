//! Allocations of a tick: `cargo bench -p bench`. The server's own allocator does not count,
//! because counting would cost it something with every allocation; this program has one that does.
//! Its times are a little longer for it.

use bench::tick::{TickOptions, run};

fn main() {
    let options = TickOptions {
        users: vec![1_000, 5_000],
        objects: vec![1_000],
        ..TickOptions::default()
    };
    let counter = |ticks: &mut dyn FnMut()| allocation_counter::measure(ticks).count_total;
    match run(&options, Some(counter), |_| {}) {
        Ok(report) => print!("{report}"),
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(1);
        }
    }
}
