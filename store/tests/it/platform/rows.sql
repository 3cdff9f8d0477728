-- What people left behind in a year: two worlds with what is in them, accounts, guests, news and stakes. Among it the rows
-- that a reader would stumble over who expects what the platform never promised.
-- @ADA@, @BOB@ and @CAROL@ are wallets: 0x and 40 hex digits in lower case; @ADA_MIXED@ is the first in mixed case.

INSERT INTO object_type (object_type_id, object_type_name, category_name, description, options, created_at, updated_at) VALUES
    ('0c000000-0000-7000-8000-000000000001', 'Bare thing', 'Custom', NULL, 'null', '2023-04-01 09:00:00', '2023-04-01 09:00:00');

INSERT INTO "user" (user_id, user_type_id, profile, options, updated_at, created_at) VALUES
    -- Ada owns a world, Bob is admin of it.
    ('0a000000-0000-7000-8000-000000000001', '00000000-0000-0000-0000-000000000006', '{"name": "Ada", "bio": null, "location": null, "avatar_hash": "0123456789abcdef0123456789abcdef", "onboarded": true, "profile_link": null}', NULL, '2023-05-01 10:00:00', '2023-05-01 10:00:00'),
    ('0a000000-0000-7000-8000-000000000002', '00000000-0000-0000-0000-000000000006', '{"name": "Bob"}', 'null', '2023-05-02 10:00:00', '2023-05-02 10:00:00'),
    -- A group, and Carol in it; that the group is in Carol too is a cycle.
    ('0a000000-0000-7000-8000-000000000003', '00000000-0000-0000-0000-000000000006', '{"name": "Builders"}', '{"is_guest": false}', '2023-05-03 10:00:00', '2023-05-03 10:00:00'),
    ('0a000000-0000-7000-8000-000000000004', '00000000-0000-0000-0000-000000000006', '{"name": "Carol", "unknown": {"key": [1]}}', NULL, '2023-05-04 10:00:00', '2023-05-04 10:00:00'),
    -- Dave says that Ada's wallet is his.
    ('0a000000-0000-7000-8000-000000000005', '00000000-0000-0000-0000-000000000006', '{"name": "Dave"}', NULL, '2023-06-05 10:00:00', '2023-06-05 10:00:00'),
    ('0a000000-0000-7000-8000-000000000006', '76802331-37b3-44fa-9010-35008b0cbaec', '{"name": "Visitor_1234567"}', '{"is_guest": true}', '2023-10-06 10:00:00', '2023-10-06 10:00:00'),
    ('0a000000-0000-7000-8000-000000000007', '76802331-37b3-44fa-9010-35008b0cbaec', '{}', NULL, '2023-10-07 10:00:00', '2023-10-07 10:00:00');

INSERT INTO user_attribute (user_id, plugin_id, attribute_name, value, options, created_at, updated_at) VALUES
    ('0a000000-0000-7000-8000-000000000001', '86dc3ae7-9f3d-42cb-85a3-a71abc3c3cb8', 'wallet', '{"wallet": ["@ADA_MIXED@"]}', 'null', '2023-05-01 10:00:00', '2023-05-01 10:00:00'),
    ('0a000000-0000-7000-8000-000000000002', '86dc3ae7-9f3d-42cb-85a3-a71abc3c3cb8', 'wallet', '{"wallet": ["@BOB@", "@BOB@", "", 7, null]}', NULL, '2023-05-02 10:00:00', '2023-05-02 10:00:00'),
    ('0a000000-0000-7000-8000-000000000003', '86dc3ae7-9f3d-42cb-85a3-a71abc3c3cb8', 'wallet', '{}', NULL, '2023-05-03 10:00:00', '2023-05-03 10:00:00'),
    ('0a000000-0000-7000-8000-000000000004', '86dc3ae7-9f3d-42cb-85a3-a71abc3c3cb8', 'wallet', '{"wallet": ["@CAROL@"]}', NULL, '2023-05-04 10:00:00', '2023-05-04 10:00:00'),
    ('0a000000-0000-7000-8000-000000000005', '86dc3ae7-9f3d-42cb-85a3-a71abc3c3cb8', 'wallet', '{"wallet": ["@ADA@", "0xdADaDADadADADaDaDadaDadAdADADAdaDadADaDA"]}', NULL, '2023-06-05 10:00:00', '2023-06-05 10:00:00'),
    ('0a000000-0000-7000-8000-000000000006', '86dc3ae7-9f3d-42cb-85a3-a71abc3c3cb8', 'wallet', 'null', NULL, '2023-10-06 10:00:00', '2023-10-06 10:00:00');

INSERT INTO user_membership (member_of, user_id, value, created_at, update_at) VALUES
    ('0a000000-0000-7000-8000-000000000003', '0a000000-0000-7000-8000-000000000004', '{ "since":  "may" }', '2023-05-04 11:00:00', '2023-05-04 11:00:00'),
    ('0a000000-0000-7000-8000-000000000004', '0a000000-0000-7000-8000-000000000003', NULL, '2023-05-04 12:00:00', '2023-05-04 12:00:00');

-- World 1 and what is in it; the second is a minted one.
INSERT INTO object (object_id, object_type_id, owner_id, parent_id, asset_2d_id, asset_3d_id, options, transform, updated_at, created_at)
SELECT id::uuid, type::uuid, owner::uuid, coalesce(parent::uuid, (SELECT object_id FROM object WHERE object_id = parent_id)),
       d2::uuid, d3::uuid, options::jsonb, transform::jsonb, time::timestamp, time::timestamp
FROM (VALUES
    ('0b000000-0000-7000-8000-000000000001', 'a41ee21e-6c56-41b3-81a9-1c86578b6b3c', '0a000000-0000-7000-8000-000000000001', NULL, NULL, NULL,
        '{"spawn_point": {"position": {"x": 50, "y": 50, "z": 150}, "rotation": {"x": 0, "y": 0, "z": 0}}, "infoui_id": null, "subs": null}', 'null', '2023-05-01 11:00:00'),
    ('00000000-0000-8000-8000-00000000000a', 'a41ee21e-6c56-41b3-81a9-1c86578b6b3c', '00000000-0000-0000-0000-000000000003', NULL, NULL, NULL,
        NULL, NULL, '2023-05-03 11:00:00'),
    -- Everything as it should be.
    ('0b000000-0000-7000-8000-000000000011', '4ed3a5bb-53f8-4511-941b-07902982c31c', '0a000000-0000-7000-8000-000000000001', '0b000000-0000-7000-8000-000000000001', '7be0964f-df73-4880-91f5-22eef996beef', '5b5bd872-0328-e38c-1b54-bf2bfa70fc85',
        '{"minimap": false}', '{"scale": {"x": 2, "y": 2, "z": 2}, "position": {"x": 1.5, "y": 2, "z": 3}, "rotation": {"x": 0, "y": 1.57, "z": 0}}', '2023-05-01 12:00:00'),
    -- Options that are null, a transform without rotation and with a scale that is null.
    ('0b000000-0000-7000-8000-000000000012', '4ed3a5bb-53f8-4511-941b-07902982c31c', '0a000000-0000-7000-8000-000000000002', '0b000000-0000-7000-8000-000000000001', NULL, NULL,
        'null', '{"scale": null, "position": {"x": 4, "y": 5, "z": 6}}', '2023-05-01 12:01:00'),
    -- Options that nobody knows any more.
    ('0b000000-0000-7000-8000-000000000013', '4ed3a5bb-53f8-4511-941b-07902982c31c', '0a000000-0000-7000-8000-000000000001', '0b000000-0000-7000-8000-000000000012', NULL, 'dad4e8a4-cdcc-4174-9d77-f7e849bba352',
        '{"frame_templates": {"a": 1}, "default_tiles": [null], "dashboard_plugins": ["x"], "from_2022": {"deep": [1, 2]}, "visible": 1, "editable": null}', '{"scale": {"x": 1, "y": 1, "z": 1}, "position": {"x": 7, "y": 8, "z": 9}, "rotation": {"x": 0, "y": 0, "z": 0}}', '2023-05-01 12:02:00'),
    -- Rules of placement that make no sense; the node of before would not even have started.
    ('0b000000-0000-7000-8000-000000000014', '590028c4-2f9d-4c7e-abc3-791774fbe4c5', '0a000000-0000-7000-8000-000000000001', '0b000000-0000-7000-8000-000000000001', NULL, NULL,
        '{"child_placement": {"00000000-0000-0000-0000-000000000000": {"algo": "pyramid", "options": null}, "nobody": null}}', '{"scale": {"x": 1, "y": 1, "z": 1}, "position": {"x": 100, "y": 0, "z": 0}, "rotation": {"x": 0, "y": 0, "z": 0}}', '2023-05-01 12:03:00'),
    ('0b000000-0000-7000-8000-000000000015', '3eca3dd5-a2e1-4347-926a-19eab6da54b2', '0a000000-0000-7000-8000-000000000006', '0b000000-0000-7000-8000-000000000014', NULL, NULL,
        NULL, NULL, '2023-10-06 12:04:00'),
    -- Neither options nor transform are what they should be, and the type has nothing to show.
    ('0b000000-0000-7000-8000-000000000016', '0c000000-0000-7000-8000-000000000001', '0a000000-0000-7000-8000-000000000005', '0b000000-0000-7000-8000-000000000001', NULL, NULL,
        '["minimap"]', '"nowhere"', '2023-06-05 12:05:00'),
    ('0b000000-0000-7000-8000-000000000021', '4ed3a5bb-53f8-4511-941b-079029111111', '00000000-0000-0000-0000-000000000003', '00000000-0000-8000-8000-00000000000a', NULL, '313a97cc-fe1b-39bb-56e7-516d213cc23d',
        '{}', '{"scale": {"x": 1, "y": 1, "z": 1}, "position": {"x": -1, "y": -2, "z": -3}, "rotation": {"x": 0, "y": 0, "z": 0}}', '2023-05-03 12:00:00')
) AS rows (id, type, owner, parent, d2, d3, options, transform, time);

INSERT INTO user_object (object_id, user_id, created_at, updated_at, value) VALUES
    ('0b000000-0000-7000-8000-000000000001', '0a000000-0000-7000-8000-000000000002', '2023-05-02 12:00:00', '2023-05-02 12:00:00', '{"role": "admin"}'),
    ('00000000-0000-8000-8000-00000000000a', '0a000000-0000-7000-8000-000000000003', '2023-05-03 12:00:00', '2023-05-03 12:00:00', '{"role": "admin", "since": 3}'),
    ('0b000000-0000-7000-8000-000000000001', '0a000000-0000-7000-8000-000000000006', '2023-10-06 12:00:00', '2023-10-06 12:00:00', NULL),
    ('0b000000-0000-7000-8000-000000000001', '0a000000-0000-7000-8000-000000000007', '2023-10-07 12:00:00', '2023-10-07 12:00:00', 'null');

INSERT INTO object_attribute (plugin_id, attribute_name, object_id, value, options, created_at, updated_at)
SELECT plugin::uuid, name, object::uuid, value::jsonb, options::jsonb, '2023-05-01 13:00:00', '2023-05-01 13:00:00'
FROM (VALUES
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'name', '0b000000-0000-7000-8000-000000000001', '{"name": "Ada''s garden", "auto_render_hash": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}', NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'description', '0b000000-0000-7000-8000-000000000001', '{"description": "Flowers"}', 'null'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'world_meta', '0b000000-0000-7000-8000-000000000001', '{"lod": [6400, 40000, 160000], "decorations": null, "avatar_controller": ""}', NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'active_skybox', '0b000000-0000-7000-8000-000000000001', '{"render_hash": "26485e74acb29223ba7a9fa600d36c7f"}', NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'world_settings', '0b000000-0000-7000-8000-000000000001', '{"kind": "basic", "objects": {"cube": "0b000000-0000-7000-8000-000000000011"}, "attributes": {}, "object_types": {}, "effects": {}}', NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'staking', '0b000000-0000-7000-8000-000000000001', NULL, NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'name', '0b000000-0000-7000-8000-000000000011', '{"name": "Cube"}', '{"render_auto": null, "unknown": true}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'object_color', '0b000000-0000-7000-8000-000000000011', '{"value": "#ff8800"}', NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'name', '0b000000-0000-7000-8000-000000000012', '{"name": null}', NULL),
    ('ff40fbf0-8c22-437d-b27a-0258f99130fe', 'state', '0b000000-0000-7000-8000-000000000012', '{"render_hash": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}', NULL),
    ('fc9f2eb7-590a-4a1a-ac75-cd3bfeef28b2', 'state', '0b000000-0000-7000-8000-000000000013', 'null', 'null'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'events', '0b000000-0000-7000-8000-000000000013', '["not", "a", "map"]', '"neither"'),
    ('c782385b-f518-4078-9988-24f356a37c72', 'canvas', '0b000000-0000-7000-8000-000000000014', '{"missionTitle": "What grows here?"}', NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'name', '00000000-0000-8000-8000-00000000000a', '{"name": "Number ten"}', NULL)
) AS rows (plugin, name, object, value, options);

INSERT INTO object_user_attribute (user_id, object_id, attribute_name, plugin_id, value, options, created_at, updated_at) VALUES
    ('0a000000-0000-7000-8000-000000000001', '0b000000-0000-7000-8000-000000000001', 'last_known_position', 'f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', '{"position": {"x": 3, "y": 1, "z": 4}, "rotation": {"x": 0, "y": 0, "z": 0}}', NULL, '2023-05-01 14:00:00', '2023-05-01 14:00:00'),
    ('0a000000-0000-7000-8000-000000000002', '0b000000-0000-7000-8000-000000000015', 'vote', 'f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', '{}', NULL, '2023-05-02 14:00:00', '2023-05-02 14:00:00'),
    ('0a000000-0000-7000-8000-000000000004', '0b000000-0000-7000-8000-000000000015', 'vote', 'f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', NULL, 'null', '2023-05-02 14:00:00', '2023-05-02 14:00:00');

INSERT INTO user_user_attribute (plugin_id, attribute_name, source_user_id, target_user_id, value, options, created_at, updated_at) VALUES
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'high_five', '0a000000-0000-7000-8000-000000000001', '0a000000-0000-7000-8000-000000000002', '{"counter": 3}', NULL, '2023-05-02 15:00:00', '2023-05-02 15:00:00');

INSERT INTO activity (activity_id, user_id, object_id, type, data, created_at) VALUES
    ('0d000000-0000-7000-8000-000000000001', '0a000000-0000-7000-8000-000000000001', '0b000000-0000-7000-8000-000000000001', 'world_created', '{"hash": null, "position": null, "description": null}', '2023-05-01 11:00:01'),
    ('0d000000-0000-7000-8000-000000000002', '0a000000-0000-7000-8000-000000000002', '0b000000-0000-7000-8000-000000000001', 'screenshot', '{"hash": "cccccccccccccccccccccccccccccccc", "position": {"x": 1, "y": 2, "z": 3}, "description": "Look"}', '2023-05-02 16:00:00');
INSERT INTO object_activity VALUES
    ('0b000000-0000-7000-8000-000000000001', '0d000000-0000-7000-8000-000000000001', '2023-05-01 11:00:01'),
    ('0b000000-0000-7000-8000-000000000001', '0d000000-0000-7000-8000-000000000002', '2023-05-02 16:00:00');
INSERT INTO user_activity VALUES
    ('0a000000-0000-7000-8000-000000000001', '0d000000-0000-7000-8000-000000000001', '2023-05-01 11:00:01'),
    ('0a000000-0000-7000-8000-000000000002', '0d000000-0000-7000-8000-000000000002', '2023-05-02 16:00:00');

INSERT INTO blockchain VALUES ('ccccaaaa-1111-2222-3333-222222222222', 4321, 'arbitrum_nova', 'https://chain.example', '2023-10-01 00:00:00');
INSERT INTO wallet
SELECT decode(substr(wallet, 3), 'hex'), 'ccccaaaa-1111-2222-3333-222222222222' FROM (VALUES ('@ADA@'), ('@BOB@')) AS rows (wallet);
INSERT INTO contract VALUES ('\x1111111111111111111111111111111111111111', 'MOM'), ('\x2222222222222222222222222222222222222222', NULL);
INSERT INTO balance
SELECT decode(substr('@ADA@', 3), 'hex'), '\x1111111111111111111111111111111111111111', 'ccccaaaa-1111-2222-3333-222222222222',
    115792089237316195423570985008687907853269984665640564039457584007913129639935, 4000;
INSERT INTO nft
SELECT decode(substr('@ADA@', 3), 'hex'), 'ccccaaaa-1111-2222-3333-222222222222', '00000000-0000-8000-8000-00000000000a', '\x2222222222222222222222222222222222222222', '2023-05-03 10:00:00', NULL;
INSERT INTO stake
SELECT decode(substr(wallet, 3), 'hex'), 'ccccaaaa-1111-2222-3333-222222222222', '0b000000-0000-7000-8000-000000000001', amount, comment, '2023-06-01 10:00:00', '2023-06-01 10:00:00', kind
FROM (VALUES ('@ADA@', 1000000000000000000000::numeric, 'mine', 0), ('@BOB@', 500000000000000000000::numeric, '', 0), ('@BOB@', 7::numeric, 'and this', 1)) AS rows (wallet, amount, comment, kind);
INSERT INTO pending_stake
SELECT decode(repeat('ab', 32), 'hex'), '0b000000-0000-7000-8000-000000000001', decode(substr('@ADA@', 3), 'hex'), 'ccccaaaa-1111-2222-3333-222222222222', 5, 'soon', 1, '2023-06-02 10:00:00', '2023-06-02 10:00:00';
INSERT INTO harvester_blockchain VALUES ('ccccaaaa-1111-2222-3333-222222222222', 'arbitrum_nova', 10, 20, 30, '2023-10-01 00:00:00');
INSERT INTO harvester_tokens SELECT wallet_id, contract_id, blockchain_id, balance, '2023-10-01 00:00:00' FROM balance;
INSERT INTO harvester_nfts SELECT wallet_id, contract_id, blockchain_id, 10, '2023-10-01 00:00:00' FROM nft;
INSERT INTO harvester_ethers SELECT wallet_id, blockchain_id, 12345678901234567890, '2023-10-01 00:00:00' FROM wallet;
