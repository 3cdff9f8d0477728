// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import "./Token.sol";

/// Makes tokens for whoever asks: for tests and local networks.
contract Factory {
    event Created(address indexed owner, address token);

    /// The first units are minted before anybody hears of the token.
    function make(string calldata name, string calldata symbol, uint256 value) external {
        Token token = new Token(name, symbol);
        token.mint(msg.sender, value);
        emit Created(msg.sender, address(token));
    }
}
