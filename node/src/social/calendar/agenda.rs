//! Coming events, in the order of their starts. The agenda is told what time it is, and reads no
//! clock.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use components::{JsonMap, Umid};
use posbus::EventStart;
use serde_json::Value;

/// Events planned of one object at most, the soonest. The size of an attribute allows a few times
/// more, and who plans more ahead is told of them once the value is written anew or the world is
/// loaded.
const MAX_EVENTS: usize = 1_000;
/// Longest title that is sent, in characters; what is longer is cut.
const MAX_TITLE: usize = 256;
/// Longest time that is read, in bytes: one with nanoseconds and an offset has 35.
const MAX_TIME: usize = 64;

/// When, in which world, on which object, and which of its events.
pub(super) type Key = (DateTime<Utc>, Umid, Umid, String);

/// Description of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Event {
    title: String,
    /// As its author wrote it.
    start: String,
    /// As its author wrote it; empty if it has none.
    end: String,
}

/// The events to come of all loaded worlds.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    due: BTreeMap<Key, Event>,
    /// The keys of each object in each world, to find them again.
    planned: HashMap<Umid, HashMap<Umid, Vec<Key>>>,
}

impl Agenda {
    /// Puts the events of an object in the place of those it had. What has started by `now`, or
    /// makes no sense, is left out, but not what was planned already: it is about to be taken.
    pub(super) fn plan(
        &mut self,
        world: Umid,
        object: Umid,
        events: Option<&JsonMap>,
        now: DateTime<Utc>,
    ) {
        let planned = self.forget_object(world, object);
        let mut events: Vec<(Key, Event)> = events
            .into_iter()
            .flatten()
            .filter_map(|(id, entry)| {
                let (start, event) = event(entry)?;
                let key = (start, world, object, id.clone());
                (start > now || planned.contains(&key)).then_some((key, event))
            })
            .collect();
        events.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        events.truncate(MAX_EVENTS);
        if events.is_empty() {
            return;
        }
        let keys = events.iter().map(|(key, _)| key.clone()).collect();
        self.planned.entry(world).or_default().insert(object, keys);
        self.due.extend(events);
    }

    /// Forgets the events of an object, and returns what they were.
    pub(super) fn forget_object(&mut self, world: Umid, object: Umid) -> Vec<Key> {
        let Some(objects) = self.planned.get_mut(&world) else {
            return Vec::new();
        };
        let keys = objects.remove(&object).unwrap_or_default();
        if objects.is_empty() {
            self.planned.remove(&world);
        }
        for key in &keys {
            self.due.remove(key);
        }
        keys
    }

    /// Forgets the events of a world.
    pub(super) fn forget_world(&mut self, world: Umid) {
        let objects = self.planned.remove(&world).unwrap_or_default();
        for key in objects.into_values().flatten() {
            self.due.remove(&key);
        }
    }

    /// When the next event starts.
    pub(super) fn next(&self) -> Option<DateTime<Utc>> {
        let ((start, ..), _) = self.due.first_key_value()?;
        Some(*start)
    }

    /// Takes out what has started by `now`: what to tell which worlds, in the order of the starts.
    pub(super) fn take_started(&mut self, now: DateTime<Utc>) -> Vec<(Umid, EventStart)> {
        let mut started = Vec::new();
        while let Some(first) = self.due.first_entry().filter(|first| first.key().0 <= now) {
            let (key, event) = first.remove_entry();
            self.unplan(&key);
            let (_, world, object, id) = key;
            started.push((world, message(object, id, event)));
        }
        started
    }

    fn unplan(&mut self, key: &Key) {
        let (_, world, object, _) = key;
        let Some(objects) = self.planned.get_mut(world) else {
            return;
        };
        if let Some(keys) = objects.get_mut(object) {
            keys.retain(|planned| planned != key);
            if keys.is_empty() {
                objects.remove(object);
            }
        }
        if objects.is_empty() {
            self.planned.remove(world);
        }
    }
}

/// When an entry of the attribute starts, and what is told of it.
fn event(entry: &Value) -> Option<(DateTime<Utc>, Event)> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str);
    let time = |key: &str| {
        let text = text(key).filter(|text| text.len() <= MAX_TIME)?;
        let time = DateTime::parse_from_rfc3339(text).ok()?;
        Some((time.to_utc(), text.to_owned()))
    };
    let (start_time, start) = time("start")?;
    let title = text("title").unwrap_or_default();
    let event = Event {
        title: title.chars().take(MAX_TITLE).collect(),
        start,
        end: time("end").map(|(_, end)| end).unwrap_or_default(),
    };
    Some((start_time, event))
}

/// The object is the one that has the event, whatever the entry says of itself.
fn message(object: Umid, id: String, event: Event) -> EventStart {
    let entries = [
        ("objectId", object.to_string()),
        ("eventId", id),
        ("title", event.title),
        ("start", event.start),
        ("end", event.end),
    ];
    EventStart(
        entries
            .into_iter()
            .map(|(key, text)| (key.to_owned(), text))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use serde_json::json;

    use super::*;

    const WORLD: Umid = Umid::from_u128(1);
    const OBJECT: Umid = Umid::from_u128(2);

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_900_000_000 + second, 0).expect("a time")
    }

    fn events(events: &[(&str, i64)]) -> JsonMap {
        let entry = |(id, start): &(&str, i64)| {
            let entry = json!({"title": id.to_uppercase(), "start": at(*start).to_rfc3339()});
            ((*id).to_owned(), entry)
        };
        events.iter().map(entry).collect()
    }

    /// Title and object of what starts.
    fn started(agenda: &mut Agenda, second: i64) -> Vec<(Umid, String)> {
        let started = agenda.take_started(at(second));
        let fields = started.into_iter().map(|(_, EventStart(fields))| {
            let object = fields["objectId"].parse().expect("an id");
            (object, fields["title"].clone())
        });
        fields.collect()
    }

    fn titles(agenda: &mut Agenda, second: i64) -> Vec<String> {
        let started = started(agenda, second).into_iter();
        started.map(|(_, title)| title).collect()
    }

    #[test]
    fn events_start_in_order_and_once() {
        let mut agenda = Agenda::default();
        let value = events(&[("late", 30), ("past", 0), ("soon", 10), ("also", 10)]);
        agenda.plan(WORLD, OBJECT, Some(&value), at(0));
        assert_eq!(agenda.next(), Some(at(10)));
        assert!(titles(&mut agenda, 9).is_empty());
        assert_eq!(titles(&mut agenda, 10), ["ALSO", "SOON"]);
        assert!(titles(&mut agenda, 10).is_empty());
        assert_eq!(agenda.next(), Some(at(30)));
        assert_eq!(titles(&mut agenda, 1_000), ["LATE"]);
        assert_eq!(agenda.next(), None);
        assert!(agenda.planned.is_empty() && agenda.due.is_empty());
    }

    #[test]
    fn edits_move_events_and_removal_cancels_them() {
        let mut agenda = Agenda::default();
        let other = Umid::from_u128(3);
        agenda.plan(WORLD, OBJECT, Some(&events(&[("a", 10), ("b", 20)])), at(0));
        agenda.plan(WORLD, other, Some(&events(&[("c", 10)])), at(0));
        agenda.plan(WORLD, OBJECT, Some(&events(&[("a", 15), ("b", 5)])), at(6));
        assert_eq!(
            started(&mut agenda, 20),
            [(other, "C".to_owned()), (OBJECT, "A".to_owned())],
            "what is moved into the past never starts"
        );
        agenda.plan(WORLD, OBJECT, Some(&events(&[("a", 30)])), at(20));
        agenda.plan(WORLD, OBJECT, None, at(20));
        agenda.plan(WORLD, other, Some(&events(&[("c", 30)])), at(20));
        assert_eq!(agenda.forget_object(WORLD, other).len(), 1);
        assert!(started(&mut agenda, 40).is_empty() && agenda.planned.is_empty());
    }

    #[test]
    fn a_change_at_the_very_moment_loses_no_event() {
        let mut agenda = Agenda::default();
        let value = events(&[("a", 10)]);
        agenda.plan(WORLD, OBJECT, Some(&value), at(0));
        agenda.plan(WORLD, OBJECT, Some(&value), at(11));
        assert_eq!(titles(&mut agenda, 12), ["A"]);
        agenda.plan(WORLD, OBJECT, Some(&value), at(13));
        assert!(titles(&mut agenda, 14).is_empty(), "it has started");
    }

    #[test]
    fn a_world_that_goes_takes_its_events_along() {
        let mut agenda = Agenda::default();
        let (other_world, other) = (Umid::from_u128(4), Umid::from_u128(5));
        agenda.plan(WORLD, OBJECT, Some(&events(&[("a", 10)])), at(0));
        agenda.plan(other_world, other, Some(&events(&[("b", 10)])), at(0));
        agenda.forget_world(WORLD);
        let started = agenda.take_started(at(10));
        assert!(matches!(&started[..], [(world, _)] if *world == other_world));
        assert!(agenda.planned.is_empty() && agenda.due.is_empty());
    }

    #[test]
    fn only_what_makes_sense_is_planned() {
        let mut agenda = Agenda::default();
        let start = "2030-03-17T18:46:50.5+01:00";
        let Value::Object(value) = json!({
            "null": null, "text": "2030-03-17T18:46:50Z", "list": [start], "none": {"title": "x"},
            "number": {"start": 1_900_000_010}, "day": {"start": "2030-03-17"}, "empty": {"start": ""},
            "far": {"start": "99999999-01-01T00:00:00Z"}, "long": {"start": format!("{start}{}", " ".repeat(99))},
            "good": {"start": start, "end": "2030-03-17T19:00:00Z", "title": "x".repeat(1_000), "objectId": "y"},
            "bare": {"start": start, "end": 5, "title": {}},
        }) else {
            unreachable!()
        };
        agenda.plan(WORLD, OBJECT, Some(&value), at(0));
        let started = agenda.take_started(at(100));
        assert_eq!(started.len(), 2);
        let fields = |index: usize| {
            let EventStart(fields) = &started[index].1;
            let texts: Vec<_> = fields
                .iter()
                .map(|(key, text)| (key.as_str(), text.as_str()))
                .collect();
            texts
        };
        let object = OBJECT.to_string();
        let (bare, good) = (fields(0), fields(1));
        let expected = |id, title, end| {
            [
                ("objectId", object.as_str()),
                ("eventId", id),
                ("title", title),
                ("start", start),
                ("end", end),
            ]
        };
        assert_eq!(bare, expected("bare", "", ""));
        let title = "x".repeat(MAX_TITLE);
        assert_eq!(good, expected("good", &title, "2030-03-17T19:00:00Z"));
    }

    #[test]
    fn an_object_has_a_bounded_number_of_events() {
        let mut agenda = Agenda::default();
        let many: JsonMap = (0..3_000)
            .map(|number| {
                let start = at(0) + TimeDelta::seconds(4_000 - number);
                (number.to_string(), json!({"start": start.to_rfc3339()}))
            })
            .collect();
        agenda.plan(WORLD, OBJECT, Some(&many), at(0));
        assert_eq!(agenda.due.len(), MAX_EVENTS);
        assert_eq!(agenda.next(), Some(at(1_001)), "the soonest");
    }
}
