//! Events of pallets, by what the configuration says they are. Names and types come from the
//! metadata of the block; fields are found by name.

use subxt::{
    SubstrateConfig,
    events::Event,
    ext::scale_decode::{self, DecodeAsType},
    utils::AccountId32,
};

/// Items of one collection of a pallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Items {
    /// The pallet: `Uniques`, `Nfts`, or one with their events.
    pub pallet: String,
    /// The collection.
    pub collection: u32,
}

/// One token of a pallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assets {
    /// The pallet: `Assets`, or one with its events.
    pub pallet: String,
    /// The asset.
    pub id: u32,
}

/// A pallet of the platform's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pallet {
    /// Its name.
    pub name: String,
    /// Kind of the token that it moves.
    pub token: u8,
}

/// A source of facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Worlds.
    Worlds(Items),
    /// A token.
    Token(Assets),
    /// Stakes in worlds.
    Stakes(Pallet),
    /// Tokens for the asking.
    Faucet(Pallet),
}

impl Source {
    /// Its name among the sources of a chain.
    pub fn name(&self) -> String {
        match self {
            Source::Worlds(Items { pallet, collection }) => format!("worlds:{pallet}:{collection}"),
            Source::Token(Assets { pallet, id }) => format!("token:{pallet}:{id}"),
            Source::Stakes(Pallet { name, token }) => format!("stakes:{name}:{token}"),
            Source::Faucet(Pallet { name, token }) => format!("faucet:{name}:{token}"),
        }
    }
}

impl Items {
    /// Its contract in facts and rows.
    pub fn contract(&self) -> Vec<u8> {
        format!("{}:{}", self.pallet, self.collection).into_bytes()
    }
}

impl Assets {
    /// Its contract in facts and rows.
    pub fn contract(&self) -> Vec<u8> {
        format!("{}:{}", self.pallet, self.id).into_bytes()
    }
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
struct OfItem {
    collection: u32,
    item: u32,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
struct Moved {
    from: AccountId32,
    to: AccountId32,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
struct Owned {
    owner: AccountId32,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
struct Data {
    data: Vec<u8>,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
struct OfAsset {
    asset_id: u32,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
struct AssetIssued {
    owner: AccountId32,
    amount: u128,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
struct AssetMoved {
    from: AccountId32,
    to: AccountId32,
    amount: u128,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
struct AssetDelegated {
    owner: AccountId32,
    destination: AccountId32,
    amount: u128,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
struct AssetBurned {
    owner: AccountId32,
    balance: u128,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
struct OfAccount {
    who: AccountId32,
    amount: u128,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
struct Restaked {
    who: AccountId32,
    from: (u32, u32),
    to: (u32, u32),
    amount: u128,
}

/// An account, 32 bytes.
pub(super) type Account = [u8; 32];

/// Something that happened to an item that may stand for a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ItemEvent {
    Moved { from: Account, to: Account },
    Burned { owner: Account },
    Named { data: Vec<u8> },
    Unnamed,
}

/// Something that happened, as the metadata say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Happened {
    Item {
        item: u32,
        event: ItemEvent,
    },
    Token {
        from: Option<Account>,
        to: Option<Account>,
        amount: u128,
    },
    Staked {
        who: Account,
        world: (u32, u32),
        amount: u128,
    },
    Unstaked {
        who: Account,
        world: (u32, u32),
        amount: u128,
    },
    Restaked {
        who: Account,
        from: (u32, u32),
        to: (u32, u32),
        amount: u128,
    },
    Dropped {
        who: Account,
        amount: u128,
    },
}

type AnyEvent<'a> = Event<'a, SubstrateConfig>;

/// Reads an event of a source; none if it is of no interest.
///
/// # Errors
/// A text if it has not the fields that an event of that name has.
pub(super) fn read(source: &Source, event: &AnyEvent<'_>) -> Result<Option<Happened>, String> {
    match source {
        Source::Worlds(items) => item(items, event),
        Source::Token(asset) => token(asset, event),
        Source::Stakes(pallet) if event.pallet_name() == pallet.name => stake(event),
        Source::Faucet(pallet) if event.pallet_name() == pallet.name => match event.event_name() {
            "Dropped" => fields(event)
                .map(|OfAccount { who, amount }| Some(Happened::Dropped { who: who.0, amount })),
            _ => Ok(None),
        },
        Source::Stakes(_) | Source::Faucet(_) => Ok(None),
    }
}

fn item(items: &Items, event: &AnyEvent<'_>) -> Result<Option<Happened>, String> {
    let name = event.event_name();
    let is_known = matches!(
        name,
        "Transferred"
            | "Burned"
            | "MetadataSet"
            | "MetadataCleared"
            | "ItemMetadataSet"
            | "ItemMetadataCleared"
    );
    if event.pallet_name() != items.pallet || !is_known {
        return Ok(None);
    }
    let OfItem { collection, item } = fields(event)?;
    if collection != items.collection {
        return Ok(None);
    }
    let event = match name {
        "Transferred" => {
            let Moved { from, to } = fields(event)?;
            ItemEvent::Moved {
                from: from.0,
                to: to.0,
            }
        }
        "Burned" => {
            let Owned { owner } = fields(event)?;
            ItemEvent::Burned { owner: owner.0 }
        }
        "MetadataSet" | "ItemMetadataSet" => {
            let Data { data } = fields(event)?;
            ItemEvent::Named { data }
        }
        _ => ItemEvent::Unnamed,
    };
    Ok(Some(Happened::Item { item, event }))
}

fn token(asset: &Assets, event: &AnyEvent<'_>) -> Result<Option<Happened>, String> {
    let name = event.event_name();
    let is_known = matches!(
        name,
        "Issued" | "Transferred" | "TransferredApproved" | "Burned" | "Deposited" | "Withdrawn"
    );
    if event.pallet_name() != asset.pallet || !is_known {
        return Ok(None);
    }
    let OfAsset { asset_id } = fields(event)?;
    if asset_id != asset.id {
        return Ok(None);
    }
    let (from, to, amount) = match name {
        "Issued" => {
            let AssetIssued { owner, amount } = fields(event)?;
            (None, Some(owner), amount)
        }
        "Transferred" => {
            let AssetMoved { from, to, amount } = fields(event)?;
            (Some(from), Some(to), amount)
        }
        "TransferredApproved" => {
            let AssetDelegated {
                owner,
                destination,
                amount,
            } = fields(event)?;
            (Some(owner), Some(destination), amount)
        }
        "Burned" => {
            let AssetBurned { owner, balance } = fields(event)?;
            (Some(owner), None, balance)
        }
        "Deposited" => {
            let OfAccount { who, amount } = fields(event)?;
            (None, Some(who), amount)
        }
        _ => {
            let OfAccount { who, amount } = fields(event)?;
            (Some(who), None, amount)
        }
    };
    Ok(Some(Happened::Token {
        from: from.map(|account| account.0),
        to: to.map(|account| account.0),
        amount,
    }))
}

fn stake(event: &AnyEvent<'_>) -> Result<Option<Happened>, String> {
    match event.event_name() {
        name @ ("Staked" | "Unstaked") => {
            let OfItem { collection, item } = fields(event)?;
            let OfAccount { who, amount } = fields(event)?;
            let (who, world) = (who.0, (collection, item));
            Ok(Some(match name {
                "Staked" => Happened::Staked { who, world, amount },
                _ => Happened::Unstaked { who, world, amount },
            }))
        }
        "Restaked" => {
            let Restaked {
                who,
                from,
                to,
                amount,
            } = fields(event)?;
            Ok(Some(Happened::Restaked {
                who: who.0,
                from,
                to,
                amount,
            }))
        }
        _ => Ok(None),
    }
}

/// The fields of an event, by name.
fn fields<E: scale_decode::DecodeAsFields>(event: &AnyEvent<'_>) -> Result<E, String> {
    let fields = event.decode_fields_unchecked_as::<E>();
    fields.map_err(|error| error.to_string())
}
