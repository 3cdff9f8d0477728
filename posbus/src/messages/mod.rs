//! One struct per message, fields in wire order under their JSON names (docs/spec/posbus.md §4.2).

mod legacy;
mod objects;
mod session;
mod social;
mod users;

pub use legacy::*;
pub use objects::*;
pub use session::*;
pub use social::*;
pub use users::*;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Transform, TransformNoScale, Vec3, v2, wire::Wire};

    #[test]
    fn minimum_sizes_of_parts_are_those_of_zero_values() {
        fn check<T: Wire + Default>() {
            let mut out = Vec::new();
            T::default().put(&mut out);
            assert_eq!(out.len(), T::MIN, "{}", std::any::type_name::<T>());
        }
        check::<Vec3>();
        check::<Transform>();
        check::<TransformNoScale>();
        check::<ActivityData>();
        check::<VisualEffect>();
        check::<v2::HandleEntry>();
    }
}
