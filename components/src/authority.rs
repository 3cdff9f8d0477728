//! Admins: the in-memory closure of owners, admin roles and memberships
//! (docs/spec/model.md §3).
//!
//! The one place where the program decides about admin rights; REST, sessions and ticks ask it
//! alike.

use std::collections::{HashMap, HashSet};

use crate::{AttributeOptions, Role, Roles, Umid};

/// The longest chain of parents that is followed; deeper trees are cut off rather than looped over.
const MAX_DEPTH: usize = 256;

/// Parents, owners, admin roles and memberships of a whole node.
#[derive(Clone, Debug, Default)]
pub struct Authority {
    objects: HashMap<Umid, Link>,
    admins: HashMap<Umid, HashSet<Umid>>,
    /// For each user the groups (other users) it is a direct member of.
    groups: HashMap<Umid, Vec<Umid>>,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    parent: Umid,
    owner: Umid,
}

impl Authority {
    /// Adds an object, or changes its parent or owner.
    pub fn set_object(&mut self, object: Umid, parent: Umid, owner: Umid) {
        self.objects.insert(object, Link { parent, owner });
    }

    /// Forgets an object and the roles on it.
    pub fn remove_object(&mut self, object: Umid) {
        self.objects.remove(&object);
        self.admins.remove(&object);
    }

    /// Gives or takes the admin role of a user on an object.
    pub fn set_admin(&mut self, object: Umid, user: Umid, admin: bool) {
        let admins = self.admins.entry(object).or_default();
        if admin {
            admins.insert(user);
        } else {
            admins.remove(&user);
        }
    }

    /// Takes the admin roles on an object from another authority.
    pub fn copy_admins(&mut self, object: Umid, from: &Authority) {
        let admins = from.admins.get(&object).cloned();
        self.admins.insert(object, admins.unwrap_or_default());
    }

    /// Makes `user` a member of `group`.
    pub fn add_membership(&mut self, group: Umid, user: Umid) {
        self.groups.entry(user).or_default().push(group);
    }

    /// Whether the object is known.
    pub fn knows(&self, object: Umid) -> bool {
        self.objects.contains_key(&object)
    }

    /// The parent of an object; the node is its own.
    pub fn parent(&self, object: Umid) -> Option<Umid> {
        self.objects.get(&object).map(|link| link.parent)
    }

    /// The owner of an object.
    pub fn owner(&self, object: Umid) -> Option<Umid> {
        self.objects.get(&object).map(|link| link.owner)
    }

    /// The world that an object is in (a world is in itself); `None` for the node and for unknown
    /// objects.
    pub fn world_of(&self, object: Umid) -> Option<Umid> {
        let mut current = object;
        for _ in 0..MAX_DEPTH {
            let parent = self.parent(current)?;
            if parent == current {
                return None;
            }
            if self.parent(parent)? == parent {
                return Some(current);
            }
            current = parent;
        }
        None
    }

    /// Whether `object` is a world: a child of the node.
    pub fn is_world(&self, object: Umid) -> bool {
        self.world_of(object) == Some(object)
    }

    /// All worlds with their owners.
    pub fn worlds(&self) -> impl Iterator<Item = (Umid, Umid)> + '_ {
        self.objects
            .iter()
            .filter(|(id, _)| self.is_world(**id))
            .map(|(id, link)| (*id, link.owner))
    }

    /// Whether `user` is an indirect admin of `object`: owner or admin of it or of an ancestor, or
    /// a member, however indirectly, of somebody who is.
    pub fn is_admin(&self, user: Umid, object: Umid) -> bool {
        let identities = self.identities(user);
        let mut current = object;
        for _ in 0..MAX_DEPTH {
            let Some(link) = self.objects.get(&current) else {
                return false;
            };
            let by_role = self
                .admins
                .get(&current)
                .is_some_and(|admins| identities.iter().any(|id| admins.contains(id)));
            if by_role || identities.contains(&link.owner) {
                return true;
            }
            if link.parent == current {
                return false;
            }
            current = link.parent;
        }
        false
    }

    /// Whether the caller has the admin role on this very object, not on an ancestor.
    pub fn has_role(&self, user: Umid, object: Umid) -> bool {
        self.admins
            .get(&object)
            .is_some_and(|admins| admins.contains(&user))
    }

    /// The roles of `caller` towards an attribute of `object` that belongs to `owner`, if it
    /// belongs to a user at all.
    pub fn object_roles(&self, caller: Umid, object: Umid, owner: Option<Umid>) -> Roles {
        Roles::AUTHENTICATED
            .with_if(Role::Admin, self.is_admin(caller, object))
            .with_if(Role::UserOwner, owner == Some(caller))
    }

    /// Whether `caller` may hear of a change of an object's attribute; skips the closure where
    /// everybody may.
    pub fn may_hear(
        &self,
        options: &AttributeOptions,
        caller: Umid,
        object: Umid,
        owner: Option<Umid>,
    ) -> bool {
        options.may_read(Roles::AUTHENTICATED.with_if(Role::UserOwner, owner == Some(caller)))
            || options.may_read(self.object_roles(caller, object, owner))
    }

    /// The user and every group it is a member of, directly or not; cycles end.
    fn identities(&self, user: Umid) -> HashSet<Umid> {
        let mut found = HashSet::from([user]);
        let mut open = vec![user];
        while let Some(next) = open.pop() {
            for group in self.groups.get(&next).into_iter().flatten() {
                if found.insert(*group) {
                    open.push(*group);
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> Umid {
        Umid::from_u128(number)
    }

    /// Node 1 owned by user 100, world 2 by 101, object 3 by 102, its child 4 by 103.
    fn tree() -> Authority {
        let mut authority = Authority::default();
        for (object, parent, owner) in [(1, 1, 100), (2, 1, 101), (3, 2, 102), (4, 3, 103)] {
            authority.set_object(id(object), id(parent), id(owner));
        }
        authority
    }

    #[test]
    fn owners_are_admins_of_what_lies_below() {
        let authority = tree();
        for (user, admin_of) in [
            (100, vec![1, 2, 3, 4]),
            (101, vec![2, 3, 4]),
            (102, vec![3, 4]),
            (103, vec![4]),
        ] {
            let found: Vec<u128> = (1..=4)
                .filter(|object| authority.is_admin(id(user), id(*object)))
                .collect();
            assert_eq!(found, admin_of, "user {user}");
        }
    }

    #[test]
    fn roles_and_memberships_reach_down_and_cycles_end() {
        let mut authority = tree();
        authority.set_admin(id(3), id(200), true);
        authority.add_membership(id(200), id(201));
        authority.add_membership(id(201), id(202));
        authority.add_membership(id(202), id(201));
        assert!(
            authority.is_admin(id(202), id(4)),
            "member of a member of an admin"
        );
        assert!(
            !authority.is_admin(id(202), id(2)),
            "a role does not reach up"
        );
        authority.set_admin(id(3), id(200), false);
        assert!(!authority.is_admin(id(202), id(4)), "the role was taken");
        assert!(!authority.is_admin(id(999), id(4)));
    }

    #[test]
    fn the_world_of_an_object() {
        let authority = tree();
        assert_eq!(authority.world_of(id(4)), Some(id(2)));
        assert_eq!(authority.world_of(id(2)), Some(id(2)));
        assert_eq!(authority.world_of(id(1)), None);
        assert_eq!(authority.world_of(id(77)), None);
    }
}
