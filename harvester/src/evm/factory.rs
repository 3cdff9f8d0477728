//! Contracts that make contracts: an event of theirs says which.

use alloy_json_abi::Event;
use alloy_primitives::B256;

use super::events::{Log, Surface};
use crate::chain::FactKind;

/// An event of a contract, which names another contract that is followed from that block on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factory {
    /// The address of the contract.
    pub address: [u8; 20],
    /// Kind of the contracts that it makes.
    pub surface: Surface,
    /// First topic of the event.
    event: B256,
    place: Place,
}

/// Place of the address in the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Topic of this number, the first one being the event's own.
    Topic(usize),
    /// Word of this number in the data.
    Word(usize),
}

impl Factory {
    /// A factory by the declaration of its event in Solidity, such as
    /// `event Created(address indexed owner, address token)`, and the name of the argument that is
    /// the new contract.
    ///
    /// # Errors
    /// A text: no declaration, no such argument, one that is no address or comes after one whose
    /// length is not fixed.
    pub fn new(
        address: [u8; 20],
        surface: Surface,
        event: &str,
        argument: &str,
    ) -> Result<Self, String> {
        let event = Event::parse(event).map_err(|error| error.to_string())?;
        if event.anonymous {
            return Err("an anonymous event cannot be told from others".to_owned());
        }
        let (mut topic, mut word) = (1, 0);
        for input in &event.inputs {
            let place = match input.indexed {
                true => Place::Topic(topic),
                false => Place::Word(word),
            };
            if input.name == argument {
                if input.ty != "address" {
                    return Err(format!("{argument} is no address"));
                }
                return Ok(Self {
                    address,
                    surface,
                    event: event.selector(),
                    place,
                });
            }
            match input.indexed {
                true => topic += 1,
                // Arrays of fixed length and tuples take several words.
                false if input.ty.contains(['[', '(']) || !input.components.is_empty() => {
                    return Err(format!("{argument} has no fixed place"));
                }
                false => word += 1,
            }
        }
        Err(format!("the event has no argument {argument}"))
    }

    /// Its name among the sources of a chain.
    pub fn source(&self) -> String {
        let place = match self.place {
            Place::Topic(number) => format!("topic{number}"),
            Place::Word(number) => format!("word{number}"),
        };
        let (address, event) = (hex::encode(self.address), hex::encode(self.event));
        let surface = self.surface.name();
        format!("factory:0x{address}:0x{event}:{place}:{surface}")
    }

    /// The contract that a log announces; none if it is another event or no address.
    pub(super) fn read(&self, log: &Log) -> Option<FactKind> {
        let first = log.topics.first()?;
        if log.contract != self.address || *first != self.event.0 {
            return None;
        }
        let word: &[u8] = match self.place {
            Place::Topic(number) => log.topics.get(number)?,
            Place::Word(number) => log.data.get(number * 32..number * 32 + 32)?,
        };
        let (zeros, address) = word.split_at(12);
        (zeros == [0; 12]).then(|| FactKind::ContractAnnounced {
            contract: address.to_vec(),
            surface: self.surface.name().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAKER: [u8; 20] = [7; 20];

    fn factory(event: &str, argument: &str) -> Result<Factory, String> {
        Factory::new(MAKER, Surface::Fungible, event, argument)
    }

    fn word(byte: u8) -> [u8; 32] {
        let mut word = [0; 32];
        word[12..].fill(byte);
        word
    }

    #[test]
    fn the_contract_is_where_the_declaration_says() {
        let pair = "event PairCreated(address indexed token0, address indexed token1, \
                    address pair, uint256 count)";
        for (argument, byte) in [("token0", 1), ("token1", 2), ("pair", 3)] {
            let factory = factory(pair, argument).expect("a declaration");
            let log = Log {
                contract: MAKER,
                topics: vec![factory.event.0, word(1), word(2)],
                data: [word(3), word(9)].concat(),
            };
            let announced = FactKind::ContractAnnounced {
                contract: vec![byte; 20],
                surface: "token".to_owned(),
            };
            assert_eq!(factory.read(&log), Some(announced));
            let other = Log {
                contract: [8; 20],
                ..log.clone()
            };
            assert_eq!(factory.read(&other), None, "another contract");
            let short = Log {
                topics: vec![factory.event.0],
                data: vec![0; 31],
                ..log.clone()
            };
            assert_eq!(factory.read(&short), None, "cut");
            let wide = Log {
                topics: vec![factory.event.0, [1; 32], [1; 32]],
                data: vec![1; 64],
                ..log
            };
            assert_eq!(factory.read(&wide), None, "no address");
        }
        // As the contract of the pairs of a well-known exchange emits it.
        let first = "0d3648bd0f6ba80134a33ba9275ac585d9d315f0ad8355cddefde31afa28d0e9";
        let known = factory(
            "event PairCreated(address indexed token0, address indexed token1, address pair, uint)",
            "pair",
        );
        assert_eq!(hex::encode(known.expect("a declaration").event), first);
    }

    #[test]
    fn what_cannot_be_found_in_an_event_is_refused() {
        for (event, argument) in [
            ("Created", "token"),
            ("event Created(address token)", "other"),
            ("event Created(uint256 token)", "token"),
            ("event Created(uint256[2] sizes, address token)", "token"),
            ("event Created(address token) anonymous", "token"),
        ] {
            assert!(factory(event, argument).is_err(), "{event} {argument}");
        }
    }
}
