//! Uploads of one address that are under way.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use parking_lot::Mutex;

/// Uploads of one address at one time: an office shares it, and browsers open six connections.
const AT_ONCE: usize = 32;

/// Uploads under way by address. The server's connections bound their number.
#[derive(Debug, Default)]
pub(crate) struct Uploads {
    addresses: Mutex<HashMap<IpAddr, usize>>,
}

/// An upload that was let in, until this is dropped.
#[derive(Debug)]
pub(crate) struct Entered {
    uploads: Arc<Uploads>,
    address: IpAddr,
}

impl Uploads {
    /// Lets an upload of an address begin, if it has not too many.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Entered> {
        let mut addresses = self.addresses.lock();
        let under_way = addresses.entry(address).or_default();
        if *under_way >= AT_ONCE {
            return None;
        }
        *under_way += 1;
        Some(Entered {
            uploads: Arc::clone(self),
            address,
        })
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut addresses = self.uploads.addresses.lock();
        if let Some(under_way) = addresses.get_mut(&self.address) {
            *under_way -= 1;
            if *under_way == 0 {
                addresses.remove(&self.address);
            }
        }
    }
}
