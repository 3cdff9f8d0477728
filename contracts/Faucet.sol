// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

interface IMintable {
    function mint(address to, uint256 value) external;
}

/// Gives tokens at the word of whoever deployed it, with the event of the contract that is in use:
/// for tests and local networks.
contract Faucet {
    address public immutable owner;
    address[2] public tokens;

    event FaucetDrop(address user, uint256 amount, uint8 token, uint256 time);

    constructor(address mom, address dad) {
        owner = msg.sender;
        tokens = [mom, dad];
    }

    function grant(address to, uint8 token, uint256 amount) external {
        require(msg.sender == owner, "not yours");
        IMintable(tokens[token]).mint(to, amount);
        emit FaucetDrop(to, amount, token, block.timestamp);
    }
}
