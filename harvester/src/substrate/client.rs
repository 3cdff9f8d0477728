//! subxt on top of the endpoints of a chain.

use std::sync::Arc;

use serde_json::value::RawValue;
use subxt::{
    OnlineClient, SubstrateConfig,
    backend::LegacyBackend,
    client::{ClientAtBlock, OnlineClientAtBlockImpl},
    dynamic,
    ext::{
        frame_decode::storage::{IntoDecodableValues, IntoEncodableValues},
        scale_decode::DecodeAsType,
    },
    rpcs::{
        Error, RpcClient, UserError,
        client::{RawRpcFuture, RawRpcSubscription, RpcClientT},
    },
};

use crate::{adapter::AdapterError, rpc::Endpoints};

/// The client of one block, with the metadata of the rules that made it.
pub(super) type AtBlock = ClientAtBlock<SubstrateConfig, OnlineClientAtBlockImpl<SubstrateConfig>>;

/// Requests of subxt go to the endpoints as all others do.
struct Bridge(Arc<Endpoints>);

impl RpcClientT for Bridge {
    fn request_raw<'a>(
        &'a self,
        method: &'a str,
        parameters: Option<Box<RawValue>>,
    ) -> RawRpcFuture<'a, Box<RawValue>> {
        Box::pin(async move {
            let parameters = match parameters {
                Some(parameters) => parameters,
                None => RawValue::from_string("[]".to_owned()).map_err(Error::Deserialization)?,
            };
            match self.0.ask(method, parameters, false).await {
                Ok((answer, _)) => Ok(answer),
                Err(error) => Err(Error::Client(Box::new(error))),
            }
        })
    }

    fn subscribe_raw<'a>(
        &'a self,
        _: &'a str,
        _: Option<Box<RawValue>>,
        _: &'a str,
    ) -> RawRpcFuture<'a, RawRpcSubscription> {
        // The follower listens to the endpoints itself.
        Box::pin(async { Err(Error::User(UserError::method_not_found())) })
    }
}

/// A client; nothing is kept of it but metadata.
pub(super) async fn connect(
    endpoints: Arc<Endpoints>,
) -> Result<OnlineClient<SubstrateConfig>, AdapterError> {
    let client = RpcClient::new(Bridge(endpoints));
    let backend = LegacyBackend::builder().build(client);
    let client = OnlineClient::from_backend(Arc::new(backend)).await;
    client.map_err(|error| failure(&error))
}

/// A value of a block's state; none if there is none under these keys.
pub(super) async fn fetch<Keys, Value>(
    at: &AtBlock,
    pallet: &str,
    entry: &str,
    keys: Keys,
) -> Result<Option<Value>, AdapterError>
where
    Keys: IntoEncodableValues + IntoDecodableValues,
    Value: DecodeAsType,
{
    let address = dynamic::storage::<Keys, Value>(pallet, entry);
    let found = at.storage().try_fetch(address, keys).await;
    let found = found.map_err(|error| failure(&error))?;
    let value = found.map(|found| found.decode()).transpose();
    value.map_err(|error| failure(&error))
}

/// As [`fetch`], of the first of these entries that the pallet has: pallets call the same thing by
/// several names. None if it has neither.
pub(super) async fn fetch_any<Keys, Value>(
    at: &AtBlock,
    pallet: &str,
    entries: [&str; 2],
    keys: Keys,
) -> Result<Option<Value>, AdapterError>
where
    Keys: IntoEncodableValues + IntoDecodableValues,
    Value: DecodeAsType,
{
    let has = |entry: &&str| {
        let address = dynamic::storage::<Keys, Value>(pallet, *entry);
        at.storage().entry(address).is_ok()
    };
    match entries.into_iter().find(has) {
        Some(entry) => fetch(at, pallet, entry, keys).await,
        None => Ok(None),
    }
}

/// A failure of subxt as the follower knows it.
pub(super) fn failure(error: &(dyn std::error::Error + 'static)) -> AdapterError {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(known) = error.downcast_ref::<AdapterError>() {
            return known.clone();
        }
        if let Some(Error::Client(known)) = error.downcast_ref::<Error>()
            && let Some(known) = known.downcast_ref::<AdapterError>()
        {
            return known.clone();
        }
        cause = error.source();
    }
    AdapterError::Transient(error.to_string())
}
