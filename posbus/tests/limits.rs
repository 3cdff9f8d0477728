//! Frames stay within what the clients accept (docs/spec/posbus.md §1.1; docs/regressions.md W13,
//! W34).

use posbus::*;

fn worst_case(index: u128) -> UserTransform {
    // Every float takes five bytes.
    let component = f32::from_bits(0x3f12_3451);
    let vec = Vec3::new(component, component, component);
    UserTransform {
        id: Umid::from_u128(u128::MAX - index),
        transform: TransformNoScale {
            position: vec,
            rotation: vec,
        },
    }
}

fn transforms(count: u128) -> Vec<bytes::Bytes> {
    let mut list = ListFrames::new(MessageType::UsersTransformList);
    for index in 0..count {
        list.push(|out| worst_case(index).encode_body(out))
            .expect("an entry fits");
    }
    list.finish()
}

#[test]
fn worst_case_entry_is_46_bytes() {
    let mut out = Vec::new();
    worst_case(0).encode_body(&mut out);
    assert_eq!(out.len(), 46);
}

#[test]
fn a_frame_holds_712_worst_case_users() {
    let frames = transforms(712);
    assert_eq!(frames.len(), 1);
    assert!(frames[0].len() <= MAX_SERVER_FRAME);
    assert!(frames[0].len() + 46 > MAX_SERVER_FRAME);
}

#[test]
fn the_next_user_opens_a_second_frame() {
    let frames = transforms(713);
    assert_eq!(frames.len(), 2);
    assert!(frames.iter().all(|frame| frame.len() <= MAX_SERVER_FRAME));
}

#[test]
fn a_batch_of_768_users_is_split_in_order() {
    let mut ids = Vec::new();
    for frame in transforms(768) {
        assert!(frame.len() <= MAX_SERVER_FRAME);
        match decode(&frame) {
            Ok(Message::UsersTransformList(list)) => ids.extend(list.value),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(ids, (0..768).map(worst_case).collect::<Vec<_>>());
}

#[test]
fn a_short_list_is_the_message_itself() {
    for count in [1, 2, 63, 64, 65, 700] {
        let value = (0..count).map(worst_case).collect();
        let message: Message = UsersTransformList { value }.into();
        assert_eq!(transforms(count), [message.encode()]);
    }
}

#[test]
fn smallest_entries_never_outgrow_the_count() {
    for message_type in [MessageType::RemoveUsers, MessageType::RemoveObjects] {
        let mut list = ListFrames::new(message_type);
        for index in 0..10_000u128 {
            list.push_bytes(&index.to_be_bytes()).expect("an id fits");
        }
        let frames = list.finish();
        assert_eq!(frames.len(), 5);
        let mut seen = 0;
        for frame in frames {
            assert!(frame.len() <= MAX_SERVER_FRAME);
            seen += match decode(&frame) {
                Ok(Message::RemoveUsers(message)) => message.users.len(),
                Ok(Message::RemoveObjects(message)) => message.objects.len(),
                other => panic!("{other:?}"),
            };
        }
        assert_eq!(seen, 10_000);
    }
}

#[test]
fn an_empty_list_sends_nothing() {
    let mut list = ListFrames::new(MessageType::AddUsers);
    assert!(list.is_empty());
    assert!(list.finish().is_empty());
}

#[test]
fn long_names_split_or_are_refused_alone() {
    let user = |name: usize| UserData {
        name: "x".repeat(name),
        ..UserData::default()
    };
    let mut list = ListFrames::new(MessageType::AddUsers);
    let lengths = [20_000, 20_000, 100, 32_731, 0, 32_732, 1_000_000, 5];
    let refused = lengths
        .into_iter()
        .filter(|name| list.push(|out| user(*name).encode_body(out)).is_err())
        .collect::<Vec<_>>();
    let mut names = Vec::new();
    for frame in list.finish() {
        assert!(frame.len() <= MAX_SERVER_FRAME, "{}", frame.len());
        match decode(&frame) {
            Ok(Message::AddUsers(message)) => {
                names.extend(message.users.into_iter().map(|user| user.name.len()))
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refused, [32_732, 1_000_000]);
    assert_eq!(names, [20_000, 20_000, 100, 32_731, 0, 5]);
}

#[test]
fn a_list_starts_over_after_it_was_finished() {
    let mut list = ListFrames::new(MessageType::RemoveUsers);
    for round in 1..4u128 {
        for index in 0..round {
            list.push_bytes(&index.to_be_bytes()).expect("an id fits");
        }
        let frames = list.finish();
        let users = (0..round).map(Umid::from_u128).collect();
        assert_eq!(frames, [Message::from(RemoveUsers { users }).encode()]);
    }
}

#[test]
fn filling_a_kept_list_takes_no_memory() {
    let mut list = ListFrames::new(MessageType::UsersTransformList);
    let mut frames = Vec::with_capacity(8);
    let mut tick = || {
        for index in 0..1000 {
            list.push(|out| worst_case(index).encode_body(out))
                .expect("an entry fits");
        }
        list.finish_into(&mut frames);
        assert_eq!(frames.len(), 2);
        frames.clear();
    };
    // The first tick learns how much a tick needs, the second takes it.
    tick();
    tick();
    let info = allocation_counter::measure(tick);
    assert_eq!(info.count_total, 0, "{info:?}");
}
