-- What the existing platform's migrations fill its database with (docs/spec/model.md §6), on a node
-- that has been set up.

INSERT INTO plugin VALUES
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', '{"name": "Core"}', 'null', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('86dc3ae7-9f3d-42cb-85a3-a71abc3c3cb8', '{"name": "Kusama"}', 'null', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('c782385b-f518-4078-9988-24f356a37c72', '{"name": "Canvas creator"}', NULL, '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('ff40fbf0-8c22-437d-b27a-0258f99130fe', '{"name": "Image"}', 'null', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('fc9f2eb7-590a-4a1a-ac75-cd3bfeef28b2', '{"name": "Text"}', 'null', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('308fdacc-8c2d-40dc-bd5f-d1549e3e03ba', '{"name": "Video", "assets2d": ["bda25d5d-2aab-45b4-9e8a-23579514cec1"], "scopeName": "plugin_video", "scriptUrl": "https://worlds.example/plugins/video/remoteEntry.js"}', 'null', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('c3f89640-e0f0-4536-ae0d-8fc8a75ec0cd', '{"name": "Google Drive", "assets2d": ["c601404b-61a2-47d5-a5c7-f3c704a8bf58"], "scopeName": "plugin_google_drive", "scriptUrl": "https://worlds.example/plugins/google-drive/remoteEntry.js"}', 'null', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('24071066-e8c6-4692-95b5-ae2dc3ed075c', '{"name": "Miro", "assets2d": ["a31722a6-26b7-46bc-97f9-435c380c3ca9"], "scopeName": "plugin_miro", "scriptUrl": "https://worlds.example/plugins/miro/remoteEntry.js"}', 'null', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('2b92edbc-5ef5-4028-89a6-d510f8583887', '{"name": "Event Calendar", "description": "Events of worlds and their start"}', 'null', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('3253d616-215f-47a9-ba9d-93185eb3e6b5', '{"name": "High five"}', 'null', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('220578c8-5fec-42c8-ade1-14d970e714bd', '{"name": "Odyssey hackaton"}', 'null', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('3023d874-c186-45bf-a7a8-60e2f57b8877', '{"name": "SDK"}', 'null', '2023-04-01 09:00:00', '2023-04-01 09:00:00');

INSERT INTO attribute_type VALUES
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'name', '', '{"render_auto": {"slot_name": "name", "slot_type": "texture", "value_field": "name", "content_type": "text", "text_render_template": {"x": 0, "y": 0, "text": {"padX": 0, "padY": 1, "wrap": false, "alignH": "center", "alignV": "center", "string": "%TEXT%", "fontfile": "", "fontsize": 0, "fontcolor": [220, 220, 200, 255]}, "color": [0, 255, 0, 0], "width": 1024, "height": 64, "thickness": 0, "background": [0, 0, 0, 0]}}}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'description', '', '{"render_type": "texture"}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'world_avatar', '', '{"render_auto": {"slot_type": "texture", "content_type": "image"}}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'website_link', '', NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'world_meta', '', NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'world_settings', '', NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'active_skybox', '', '{"render_auto": {"slot_name": "skybox_custom", "slot_type": "texture", "content_type": "image"}}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'skybox_list', '', NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'skybox_ai', '', '{"permissions": {"read": "admin+user_owner", "write": "admin+user_owner"}, "posbus_auto": {"scope": ["user"], "topic": "", "send_to": 1}}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'object_color', '', '{"cloneable": {}, "render_auto": {"slot_type": "string", "content_type": "string"}}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'object_effect', '', '{"cloneable": {"use_default": {"value": "transparent"}}, "render_auto": {"slot_type": "string", "content_type": "string"}}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'texture', '', '{"cloneable": {}, "render_auto": {"slot_name": "object_texture", "slot_type": "texture", "content_type": "image"}}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'user_customisable_data', '', '{"render_auto": {"slot_name": "object_texture", "slot_type": "texture", "value_field": "image_hash", "content_type": "image"}}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'spatial_audio', '', '{"posbus_auto": {"scope": ["world"], "topic": "", "send_to": 1}, "render_auto": {"slot_name": "spatial", "slot_type": "audio", "value_field": "", "content_type": "audio"}}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'soundtrack', '', '{"posbus_auto": {"scope": ["object"], "topic": "", "send_to": 1}}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'shaders', '', '{"posbus_auto": {"scope": ["world"], "topic": "", "send_to": 1}}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'events', '', NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'vote', '', '{"posbus_auto": {"scope": ["user", "object"], "topic": "", "send_to": 1}}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'comments', '', '{"posbus_auto": {"scope": ["user", "object"], "topic": "", "send_to": 1}}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'timeline_last_seen', '', NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'last_known_position', '', NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'VoiceChatUser', '', '{"posbus_auto": {"scope": ["object"], "topic": "", "send_to": 1}}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'VoiceChatAction', '', '{"posbus_auto": {"scope": ["object"], "topic": "", "send_to": 1}}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'screenshare', '', '{"posbus_auto": {"scope": ["object"], "topic": "", "send_to": 1}}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'emojis', '', NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'emoji', '', NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'magic_links', '', NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'staking', '', NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'high_five', '', NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'node_settings', '', NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'world_template', '', NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'jwt_key', '', NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'tracker_ai_usage', '', NULL),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'blockadelabs', '', '{"permissions": {"read": "admin", "write": "admin"}}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'leonardo', '', '{"permissions": {"read": "admin", "write": "admin"}}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'open_ai', '', '{"permissions": {"read": "admin", "write": "admin"}}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'hosting_allow_list', '', '{"permissions": {"read": "admin", "write": "admin"}}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'node_private_key', '', '{"permissions": {"read": "admin", "write": "admin"}}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'node_public_key', '', '{"permissions": {"read": "any", "write": "admin"}}'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'frontend_plugins', '', '{"permissions": {"read": "any", "write": "admin"}}'),
    ('86dc3ae7-9f3d-42cb-85a3-a71abc3c3cb8', 'wallet', '', '{"permissions": {"read": "admin+user_owner", "write": "admin"}}'),
    ('86dc3ae7-9f3d-42cb-85a3-a71abc3c3cb8', 'challenge_store', '', NULL),
    ('ff40fbf0-8c22-437d-b27a-0258f99130fe', 'state', '', '{"render_auto": {"slot_name": "object_image", "slot_type": "texture", "content_type": "image"}}'),
    ('fc9f2eb7-590a-4a1a-ac75-cd3bfeef28b2', 'state', '', '{"render_auto": {"slot_name": "description", "slot_type": "object_texture", "value_field": "value", "content_type": "text", "text_render_template": {"x": 0, "y": 0, "sub": [{"x": 4, "y": 4, "text": {"padX": 4, "padY": 4, "wrap": true, "alignH": "left", "alignV": "top", "string": "%TEXT%", "fontfile": "IBMPlexSans-SemiBold", "fontsize": 17, "fontcolor": [0, 255, 255]}, "color": [0, 255, 255], "width": 1012, "height": 504, "thickness": 1, "background": [0, 40, 0]}], "color": [20, 20, 20], "width": 1024, "height": 512, "thickness": 4, "background": [10, 10, 10]}}}'),
    ('308fdacc-8c2d-40dc-bd5f-d1549e3e03ba', 'state', '', '{"render_auto": {"slot_name": "object_texture", "slot_type": "texture", "value_field": "value", "content_type": "video"}}'),
    ('c3f89640-e0f0-4536-ae0d-8fc8a75ec0cd', 'state', '', '{"posbus_auto": {"scope": ["object"], "topic": "", "send_to": 1}}'),
    ('c3f89640-e0f0-4536-ae0d-8fc8a75ec0cd', 'config', '', NULL),
    ('24071066-e8c6-4692-95b5-ae2dc3ed075c', 'state', '', '{"posbus_auto": {"scope": ["object"], "topic": "", "send_to": 1}}'),
    ('24071066-e8c6-4692-95b5-ae2dc3ed075c', 'config', '', NULL),
    ('c782385b-f518-4078-9988-24f356a37c72', 'canvas', '', '{"permissions": {"read": "admin", "write": "admin"}}'),
    ('c782385b-f518-4078-9988-24f356a37c72', 'canvas_contribution', '', '{"permissions": {"read": "any", "write": "admin"}, "render_auto": {"slot_name": "object_texture", "slot_type": "texture", "value_field": "image_hash", "content_type": "image"}}'),
    ('3253d616-215f-47a9-ba9d-93185eb3e6b5', 'count', '', NULL),
    ('3023d874-c186-45bf-a7a8-60e2f57b8877', 'bot', '', '{}'),
    ('3023d874-c186-45bf-a7a8-60e2f57b8877', 'bot_world', '', '{"posbus_auto": {"scope": ["world"], "topic": "", "send_to": 1}}'),
    ('220578c8-5fec-42c8-ade1-14d970e714bd', 'solution', '', '{"render_type": "texture", "content_type": "text"}'),
    ('220578c8-5fec-42c8-ade1-14d970e714bd', 'problem', '', '{"render_type": "texture", "content_type": "text"}'),
    ('220578c8-5fec-42c8-ade1-14d970e714bd', 'video', '', '{"render_type": "texture", "content_type": "video"}'),
    ('220578c8-5fec-42c8-ade1-14d970e714bd', 'poster', '', '{"render_type": "texture"}'),
    ('220578c8-5fec-42c8-ade1-14d970e714bd', 'tile', '', '{"render_type": "texture"}'),
    ('220578c8-5fec-42c8-ade1-14d970e714bd', 'third', '', '{"render_type": "texture"}'),
    ('220578c8-5fec-42c8-ade1-14d970e714bd', 'meme', '', '{"render_type": "texture"}');

INSERT INTO asset_2d VALUES
    ('7be0964f-df73-4880-91f5-22eef996aaaa', '{"name": "claimable", "pluginId": "f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0"}', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('7be0964f-df73-4880-91f5-22eef996beef', '{"name": "object_content", "pluginId": "f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0"}', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('7be0964f-df73-4880-91f5-22eef9967999', '{"name": "image", "pluginId": "ff40fbf0-8c22-437d-b27a-0258f99130fe"}', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('be0d0ca3-c50b-401a-89d9-0e59fc45c5c2', '{"name": "text", "pluginId": "fc9f2eb7-590a-4a1a-ac75-cd3bfeef28b2"}', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('bda25d5d-2aab-45b4-9e8a-23579514cec1', '{"name": "video", "pluginId": "308fdacc-8c2d-40dc-bd5f-d1549e3e03ba", "scopeName": "plugin_video", "scriptUrl": "https://worlds.example/plugins/video/remoteEntry.js"}', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('a31722a6-26b7-46bc-97f9-435c380c3ca9', '{"name": "miro", "pluginId": "24071066-e8c6-4692-95b5-ae2dc3ed075c", "scopeName": "plugin_miro", "scriptUrl": "https://worlds.example/plugins/miro/remoteEntry.js"}', '{"exact": true, "subPath": "miro", "iconName": "miro"}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('c601404b-61a2-47d5-a5c7-f3c704a8bf58', '{"name": "google Drive", "pluginId": "c3f89640-e0f0-4536-ae0d-8fc8a75ec0cd", "scopeName": "plugin_google_drive", "scriptUrl": "https://worlds.example/plugins/google-drive/remoteEntry.js"}', '{"exact": true, "iconName": "drive"}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('d768aa3e-ca03-4f5e-b366-780a5361cc02', '{"name": "Canvas object UI", "pluginId": "c782385b-f518-4078-9988-24f356a37c72"}', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('8a0f9e8e-b32e-476a-8afe-e0c57260ff20', '{"name": "Canvas child objects", "pluginId": "c782385b-f518-4078-9988-24f356a37c72"}', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('00000000-0000-0000-0000-000000000004', '{"name": ""}', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('00000000-0000-0000-0000-000000000008', '{"name": ""}', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00');

INSERT INTO asset_3d VALUES
    ('a55f9ca7-4b45-692e-204f-e37ed9dc3d78', '{"type": 2, "category": "basic"}', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('eea924c0-6e33-393f-e06e-e6631e8860e9', '{"type": 2, "category": "basic"}', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('8a7e55f5-934d-8ebf-17bb-39e2d8d9bfa1', '{"type": 2, "category": "basic"}', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('5b5bd872-0328-e38c-1b54-bf2bfa70fc85', '{"type": 2, "category": "basic"}', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('46d923ad-21ff-276d-c3c4-ead2212bcb02', '{"type": 2, "category": "basic"}', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('97daa12f-9b2e-536d-7851-3b0837175e4c', '{"type": 2, "category": "basic"}', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('839b21db-52ff-45ce-7484-fd1b59ebb087', '{"type": 2, "category": "basic"}', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('dad4e8a4-cdcc-4174-9d77-f7e849bba352', '{"type": 2, "category": "basic"}', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('a1f144de-b21a-d1e9-0635-6eb250927326', '{"type": 2, "category": "basic"}', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('418c4963-623a-391c-795d-e6080be11899', '{"type": 2, "category": "basic"}', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('313a97cc-fe1b-39bb-56e7-516d213cc23d', '{"type": 2, "category": "basic"}', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('6e8fec1c-ff95-df66-1375-e312f6447b3d', '{"type": 2, "category": "basic"}', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('2dc7df8e-a34a-829c-e3ca-b73bfe99faf0', '{"type": 1, "category": "explorer"}', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00');

INSERT INTO user_type VALUES
    ('00000000-0000-0000-0000-000000000002', 'Deity', 'System accounts', '{"is_guest": false}'),
    ('00000000-0000-0000-0000-000000000006', 'User', 'Accounts with a wallet', '{"is_guest": false}'),
    ('76802331-37b3-44fa-9010-35008b0cbaec', 'Temporary User', 'Guests', '{"is_guest": true}');

INSERT INTO object_type VALUES
    ('00000000-0000-0000-0000-000000000001', NULL, NULL, 'Node', 'Nodes', '', '{"subs": {"asset2d_plugins": ["24071066-e8c6-4692-95b5-ae2dc3ed075c"]}, "minimap": true, "private": false, "visible": 1, "editable": true, "allowed_children": ["a41ee21e-6c56-41b3-81a9-1c86578b6b3c"]}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('a41ee21e-6c56-41b3-81a9-1c86578b6b3c', NULL, NULL, 'World', 'Worlds', '', '{"minimap": true, "private": false, "visible": 3, "editable": true, "allowed_children": ["4ed3a5bb-53f8-4511-941b-079029111111", "4ed3a5bb-53f8-4511-941b-07902982c31c", "590028c4-2f9d-4c7e-abc3-791774fbe4c5"]}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('e31139ad-ff77-4124-825e-8c83f02b82f4', NULL, NULL, 'Remote World', 'Worlds', '', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('4ed3a5bb-53f8-4511-941b-07902982c31c', NULL, NULL, 'Custom objects', 'Custom', '', '{"minimap": true, "private": false, "visible": 3, "editable": true}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('4ed3a5bb-53f8-4511-941b-079029111111', '7be0964f-df73-4880-91f5-22eef996aaaa', NULL, 'Custom claimable objects', 'Custom claimable', '', '{"visible": 3}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('590028c4-2f9d-4c7e-abc3-791774fbe4c5', 'd768aa3e-ca03-4f5e-b366-780a5361cc02', '2dc7df8e-a34a-829c-e3ca-b73bfe99faf0', 'canvas', 'Canvas', '', '{"child_limit": 42, "child_placement": {"00000000-0000-0000-0000-000000000000": {"algo": "helix", "options": {"angle": 7.2, "helixVshift": 15, "spiralScale": 50}}}, "allowed_children": ["3eca3dd5-a2e1-4347-926a-19eab6da54b2"]}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('3eca3dd5-a2e1-4347-926a-19eab6da54b2', '8a0f9e8e-b32e-476a-8afe-e0c57260ff20', '5b5bd872-0328-e38c-1b54-bf2bfa70fc85', 'canvas_child', 'Canvas child', '', '{}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('88415343-90db-4d23-a9e7-79a11aaaaf04', NULL, NULL, 'anchor', 'Anchors', '', '{"subs": null, "minimap": true, "private": false, "visible": 3, "editable": true, "child_placement": {"00000000-0000-0000-0000-000000000000": {"algo": "circular", "options": {"R": 55, "angle": 0}}}}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('75b56447-c4f1-4020-b8fc-d68704a11d65', NULL, NULL, 'Generic Object', 'Generic Objectss', '', '{"subs": null, "minimap": true, "private": false, "visible": 3, "editable": true}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('69d8ae40-df9b-4fc8-af95-32b736d2bbcd', NULL, NULL, 'Service Object', 'Service Objects', '', '{"subs": null, "minimap": true, "private": false, "visible": 0, "editable": true}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('f9607e55-63e8-4cb1-ae47-66395199975d', NULL, NULL, 'morgue', 'Morgues', '', '{"subs": null, "minimap": true, "private": false, "visible": 0, "editable": true}', '2023-04-01 09:00:00', '2023-04-01 09:00:00');

INSERT INTO "user" VALUES
    ('00000000-0000-0000-0000-000000000003', '00000000-0000-0000-0000-000000000002', '{"bio": null, "name": null, "location": null, "onboarded": null, "avatar_hash": null, "profile_link": null}', NULL, '2023-04-01 09:00:00', '2023-04-01 09:00:00');

INSERT INTO object VALUES
    ('018f0000-0000-7000-8000-00000000000a', '00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000003', '018f0000-0000-7000-8000-00000000000a', NULL, NULL, NULL, NULL, '2023-04-01 09:00:00', '2023-04-01 09:00:00');

INSERT INTO node_attribute VALUES
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'node_settings', '{"name": "worlds.example", "guest_user_type": "76802331-37b3-44fa-9010-35008b0cbaec", "normal_user_type": "00000000-0000-0000-0000-000000000006"}', NULL, '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'open_ai', '{"api_key": "an-api-key-of-a-provider", "max_tokens": 30, "temperature": 0.7}', NULL, '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'leonardo', '{}', NULL, '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'blockadelabs', '{}', NULL, '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'tracker_ai_usage', '{}', NULL, '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'hosting_allow_list', '{"users": []}', NULL, '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'world_template', '{"objects": [], "object_type_id": "a41ee21e-6c56-41b3-81a9-1c86578b6b3c", "random_objects": [], "object_attributes": [{"value": {"lod": [6400, 40000, 160000]}, "options": null, "plugin_id": "f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0", "attribute_name": "world_meta"}, {"value": {"render_hash": "26485e74acb29223ba7a9fa600d36c7f"}, "options": null, "plugin_id": "f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0", "attribute_name": "active_skybox"}]}', NULL, '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'jwt_key', '{"secret": "018f0000-5ec2-7000-8000-00000000dead", "signature": "018f0000-5196-7000-8000-00000000beef"}', NULL, '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'node_private_key', '{"node_private_key": "0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"}', '{"permissions": {"read": "any", "write": "admin"}}', '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('f0f0f0f0-0f0f-4ff0-af0f-f0f0f0f0f0f0', 'node_public_key', '{"node_public_key": "0x044bc2a31265153f07e70e0bab08724e6b85e217f8cd628ceb62974247bb493382ce28cab79ad7119ee1ad3ebcdb98a16805211530ecc6cfefa1b88e6dff99232a"}', NULL, '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('86dc3ae7-9f3d-42cb-85a3-a71abc3c3cb8', 'challenge_store', '{"challenges": {"@ada@": "sign this 1", "0x00": "sign this 2"}}', NULL, '2023-04-01 09:00:00', '2023-04-01 09:00:00');

INSERT INTO asset_3d_user VALUES
    ('a55f9ca7-4b45-692e-204f-e37ed9dc3d78', '00000000-0000-0000-0000-000000000003', '{"name": "Bucky with image"}', false, '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('eea924c0-6e33-393f-e06e-e6631e8860e9', '00000000-0000-0000-0000-000000000003', '{"name": "Capsule with image"}', false, '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('8a7e55f5-934d-8ebf-17bb-39e2d8d9bfa1', '00000000-0000-0000-0000-000000000003', '{"name": "Cone with image"}', false, '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('5b5bd872-0328-e38c-1b54-bf2bfa70fc85', '00000000-0000-0000-0000-000000000003', '{"name": "Cube with image"}', false, '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('46d923ad-21ff-276d-c3c4-ead2212bcb02', '00000000-0000-0000-0000-000000000003', '{"name": "Cylinder with image"}', false, '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('97daa12f-9b2e-536d-7851-3b0837175e4c', '00000000-0000-0000-0000-000000000003', '{"name": "Disc with image"}', false, '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('839b21db-52ff-45ce-7484-fd1b59ebb087', '00000000-0000-0000-0000-000000000003', '{"name": "Dodeca with image"}', false, '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('dad4e8a4-cdcc-4174-9d77-f7e849bba352', '00000000-0000-0000-0000-000000000003', '{"name": "Icosa with image"}', false, '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('a1f144de-b21a-d1e9-0635-6eb250927326', '00000000-0000-0000-0000-000000000003', '{"name": "Octo with image"}', false, '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('418c4963-623a-391c-795d-e6080be11899', '00000000-0000-0000-0000-000000000003', '{"name": "Quad with image"}', false, '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('313a97cc-fe1b-39bb-56e7-516d213cc23d', '00000000-0000-0000-0000-000000000003', '{"name": "Sphere with image"}', false, '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('6e8fec1c-ff95-df66-1375-e312f6447b3d', '00000000-0000-0000-0000-000000000003', '{"name": "Torus with image"}', false, '2023-04-01 09:00:00', '2023-04-01 09:00:00'),
    ('2dc7df8e-a34a-829c-e3ca-b73bfe99faf0', '00000000-0000-0000-0000-000000000003', '{"name": "orb"}', false, '2023-04-01 09:00:00', '2023-04-01 09:00:00');
