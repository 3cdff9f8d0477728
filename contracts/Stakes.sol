// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// Stakes in worlds, with the events of the contract that is in use. It moves no tokens: for tests
/// and local networks.
contract Stakes {
    mapping(address => mapping(uint256 => mapping(uint8 => uint256))) public staked;

    event Stake(
        address indexed user, uint256 indexed odyssey, uint256 amount, uint8 token, uint256 total
    );
    event Unstake(
        address indexed user, uint256 indexed odyssey, uint256 amount, uint8 token, uint256 total
    );
    event Restake(
        address indexed user, uint256 indexed from, uint256 indexed to,
        uint256 amount, uint8 token, uint256 totalFrom, uint256 totalTo
    );

    function stake(uint256 odyssey, uint256 amount, uint8 token) external {
        staked[msg.sender][odyssey][token] += amount;
        emit Stake(msg.sender, odyssey, amount, token, total(odyssey));
    }

    /// Always all of the token.
    function unstake(uint256 odyssey, uint8 token) external {
        uint256 amount = staked[msg.sender][odyssey][token];
        require(amount > 0, "nothing staked");
        staked[msg.sender][odyssey][token] = 0;
        emit Unstake(msg.sender, odyssey, amount, token, total(odyssey));
    }

    function restake(uint256 from, uint256 to, uint256 amount, uint8 token) external {
        staked[msg.sender][from][token] -= amount;
        staked[msg.sender][to][token] += amount;
        emit Restake(msg.sender, from, to, amount, token, total(from), total(to));
    }

    function total(uint256 odyssey) private view returns (uint256) {
        mapping(uint8 => uint256) storage amounts = staked[msg.sender][odyssey];
        return amounts[0] + amounts[1];
    }
}
