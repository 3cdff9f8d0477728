// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// Items (ERC-721) that stand for worlds: an item's id has the 128 bits of a world's. Anybody may
/// mint: for tests and local networks.
contract Worlds {
    uint256 private constant MARK = 0x80008000000000000000;
    string public constant name = "Odyssey";
    string public constant symbol = "ODS";
    uint256 public count;
    mapping(uint256 => address) public ownerOf;
    mapping(address => uint256) public balanceOf;
    mapping(uint256 => string) public tokenURI;

    event Transfer(address indexed from, address indexed to, uint256 indexed tokenId);

    function mint(address to) external returns (uint256 id) {
        count += 1;
        id = count | MARK;
        set(id, to);
    }

    /// Mints an item of any id.
    function mintId(address to, uint256 id) external {
        require(ownerOf[id] == address(0), "it is there");
        set(id, to);
    }

    function setTokenURI(uint256 id, string calldata uri) external {
        require(msg.sender == ownerOf[id], "not yours");
        tokenURI[id] = uri;
    }

    function transferFrom(address from, address to, uint256 id) external {
        require(from == ownerOf[id] && msg.sender == from, "not yours");
        set(id, to);
    }

    function burn(uint256 id) external {
        require(msg.sender == ownerOf[id], "not yours");
        set(id, address(0));
    }

    function set(uint256 id, address to) private {
        address from = ownerOf[id];
        if (from != address(0)) balanceOf[from] -= 1;
        if (to != address(0)) balanceOf[to] += 1;
        ownerOf[id] = to;
        emit Transfer(from, to, id);
    }
}
