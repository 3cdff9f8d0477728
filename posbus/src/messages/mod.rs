//! One struct per message, fields in wire order under their JSON names (docs/spec/posbus.md §4.2).

mod legacy;
mod objects;
mod session;
mod social;
mod users;

pub use legacy::{
    AddPendingStake, GenericMessage, PbEthAddress, PbUint256, TriggerVisualEffects, UserAction,
    VisualEffect,
};
pub use objects::{
    AddObjects, AttributeValueChanged, LockObject, LockObjectResponse, ObjectData,
    ObjectDefinition, ObjectTransform, RemoveObjects, UnlockObject,
};
pub use session::{HandShake, MyTransform, SetWorld, Signal, TeleportRequest};
pub use social::{
    ActivityData, ActivityUpdate, EventStart, FlyToMe, HighFive, Notification, UserStakedToOdyssey,
};
pub use users::{AddUsers, RemoveUsers, UserData, UserTransform, UsersTransformList};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Transform, TransformNoScale, Vec3, v2, wire::Wire};

    /// The decoder divides by `MIN`: too large a value would refuse legal counts, too small a one would over-allocate.
    #[test]
    fn minimum_sizes_are_those_of_zero_values() {
        fn check<T: Wire + Default>() {
            let mut out = Vec::new();
            T::default().put(&mut out);
            assert_eq!(out.len(), T::MIN, "{}", std::any::type_name::<T>());
        }
        check::<Vec3>();
        check::<Transform>();
        check::<TransformNoScale>();
        check::<HandShake>();
        check::<TeleportRequest>();
        check::<Signal>();
        check::<SetWorld>();
        check::<MyTransform>();
        check::<AddUsers>();
        check::<UserData>();
        check::<RemoveUsers>();
        check::<UsersTransformList>();
        check::<UserTransform>();
        check::<AddObjects>();
        check::<ObjectDefinition>();
        check::<RemoveObjects>();
        check::<ObjectTransform>();
        check::<ObjectData>();
        check::<LockObject>();
        check::<UnlockObject>();
        check::<LockObjectResponse>();
        check::<AttributeValueChanged>();
        check::<HighFive>();
        check::<Notification>();
        check::<FlyToMe>();
        check::<ActivityUpdate>();
        check::<ActivityData>();
        check::<UserStakedToOdyssey>();
        check::<EventStart>();
        check::<GenericMessage>();
        check::<UserAction>();
        check::<TriggerVisualEffects>();
        check::<VisualEffect>();
        check::<AddPendingStake>();
        check::<v2::Welcome>();
        check::<v2::UserHandles>();
        check::<v2::HandleEntry>();
    }
}
