//! subxt on top of the endpoints of a chain.

use std::sync::Arc;

use serde_json::value::RawValue;
use subxt::{
    OnlineClient, SubstrateConfig,
    backend::LegacyBackend,
    client::{ClientAtBlock, OnlineClientAtBlockImpl},
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
