//! Prints the ids and names of all messages as a module of the TypeScript client:
//!
//! ```sh
//! cargo run -p posbus --example typescript_ids > web/client/src/messages/ids.ts
//! ```

use std::fmt::Write;

use posbus::{MessageType, v2};

fn main() {
    print!("{}", module());
}

/// The text of `web/client/src/messages/ids.ts`.
fn module() -> String {
    let version_1 = MessageType::ALL.map(|kind| (kind.name(), kind.id()));
    let version_2 = v2::MessageType::ALL.map(|kind| (kind.name(), kind.id()));
    let mut text = String::from(
        "/** Made from the table of messages by `posbus/examples/typescript_ids.rs`. */\n\n\
         /** Type id of every message, by the name that JavaScript clients use. */\n\
         export const MESSAGE_IDS = {\n",
    );
    for (name, id) in version_1.into_iter().chain(version_2) {
        writeln!(text, "  {name}: {id:#010x},").expect("a string takes any text");
    }
    text.push_str("} as const;\n");
    text
}

#[cfg(test)]
mod tests {
    use super::module;

    #[test]
    fn the_typescript_client_has_the_ids_of_the_table() {
        let file = include_str!("../../web/client/src/messages/ids.ts");
        assert_eq!(
            module(),
            file,
            "cargo run -p posbus --example typescript_ids > web/client/src/messages/ids.ts"
        );
    }
}
