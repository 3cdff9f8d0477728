//! The documentation speaks of what is there: its paths exist, its links lead somewhere, and what
//! cites a section or a row of it finds one.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::support::{MADE, files, root};

/// Kinds of files that cite the documentation.
const CITING: [&str; 8] = ["rs", "ts", "toml", "py", "sh", "sql", "md", "html"];

/// The pages for people: those in the root and all below `docs/`.
fn pages() -> Vec<(PathBuf, String)> {
    let mut pages = files(&root().join("docs"), &["md"]);
    for page in ["README.md", "CONTRIBUTING.md"] {
        pages.push(root().join(page));
    }
    let read = |page: PathBuf| {
        let text = fs::read_to_string(&page).expect("a page");
        // Comments name files that a recipe makes.
        let lines = text.lines().filter(|line| !line.starts_with("<!--"));
        let text = lines.map(|line| format!("{line}\n")).collect();
        (page, text)
    };
    pages.into_iter().map(read).collect()
}

fn shown(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap_or(path);
    path.display().to_string()
}

/// `a/{b,c}.rs` as `a/b.rs` and `a/c.rs`.
fn alternatives(path: &str) -> Vec<String> {
    let Some((before, rest)) = path.split_once('{') else {
        return vec![path.to_owned()];
    };
    let Some((names, after)) = rest.split_once('}') else {
        return vec![path.to_owned()];
    };
    let names = names.split(',');
    names.map(|name| format!("{before}{name}{after}")).collect()
}

/// The words of a page that name something in the repository: those that begin with one of its
/// folders.
fn paths<'a>(text: &'a str, folders: &BTreeSet<String>) -> Vec<&'a str> {
    let ends = |letter: char| letter.is_whitespace() || "`()[]<>\"';:|*".contains(letter);
    let words = text
        .split(ends)
        .map(|word| word.trim_end_matches(['.', ',', '/']));
    let words = words.map(|word| word.split_once('#').map_or(word, |(path, _)| path));
    words
        .filter(|word| {
            let folder = word.split_once('/').map(|(folder, _)| folder);
            let last = word.rsplit('/').next().unwrap_or_default();
            folder.is_some_and(|folder| folders.contains(folder))
                && !last.bytes().all(|letter| letter.is_ascii_digit())
                && !word.contains(['…', '$', '='])
        })
        .collect()
}

fn folders() -> BTreeSet<String> {
    let entries = fs::read_dir(root()).expect("the repository");
    let names = entries.filter_map(|entry| {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().ok()?;
        (entry.path().is_dir() && !MADE.contains(&name.as_str())).then_some(name)
    });
    names.collect()
}

#[test]
fn paths_in_the_documentation_exist() {
    let folders = folders();
    let mut missing = Vec::new();
    for (page, text) in pages() {
        for word in paths(&text, &folders) {
            for path in alternatives(word) {
                if !root().join(&path).exists() {
                    missing.push(format!("{}: {path}", shown(&page)));
                }
            }
        }
    }
    assert!(missing.is_empty(), "not there:\n{}", missing.join("\n"));
}

/// The anchor that a heading gets.
fn anchor(heading: &str) -> String {
    let letters = heading.trim().to_lowercase();
    let letters = letters.chars().filter_map(|letter| match letter {
        ' ' => Some('-'),
        '-' | '_' => Some(letter),
        letter => letter.is_alphanumeric().then_some(letter),
    });
    letters.collect()
}

fn headings(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().filter(|line| line.starts_with('#'));
    lines.map(|line| line.trim_start_matches('#').trim())
}

#[test]
fn links_of_the_documentation_lead_somewhere() {
    let mut broken = Vec::new();
    for (page, text) in pages() {
        for link in text.split("](").skip(1) {
            let link = link.split(')').next().unwrap_or_default();
            if link.contains("://") {
                continue;
            }
            let (file, place) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => page.clone(),
                file => page.parent().expect("a folder").join(file),
            };
            let leads = target.exists()
                && (place.is_empty()
                    || fs::read_to_string(&target)
                        .is_ok_and(|text| headings(&text).any(|heading| anchor(heading) == place)));
            if !leads {
                broken.push(format!("{}: {link}", shown(&page)));
            }
        }
    }
    assert!(broken.is_empty(), "lead nowhere:\n{}", broken.join("\n"));
}

/// The numbers of a page's sections: `5.1` of `### 5.1 Entering`.
fn sections(text: &str) -> BTreeSet<String> {
    let number = |heading: &str| {
        let word = heading.split(' ').next().unwrap_or_default();
        let number = word.trim_end_matches('.');
        let digits = number.starts_with(|first: char| first.is_ascii_digit());
        digits.then(|| number.to_owned())
    };
    headings(text).filter_map(number).collect()
}

/// Sections or rows named right after the name of a page: `§1.4, §5.1`, or `W1, S3` and `W1–W4`.
fn cited(after: &str) -> Vec<String> {
    let mut cited = Vec::new();
    for word in after.split_whitespace() {
        let name = word.trim_start_matches('§');
        let end = name.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.');
        let (name, rest) = name.split_at(end.unwrap_or(name.len()));
        let name = name.trim_end_matches('.');
        let is_row = name.len() > 1
            && name.starts_with(|first: char| first.is_ascii_uppercase())
            && name[1..].bytes().all(|byte| byte.is_ascii_digit());
        if !(word.starts_with('§') || is_row) || name.is_empty() {
            break;
        }
        cited.push(name.to_owned());
        if !rest.starts_with(',') {
            break;
        }
    }
    cited
}

#[test]
fn citations_of_the_documentation_resolve() {
    let mut lost = Vec::new();
    for file in files(root(), &CITING) {
        let text = fs::read_to_string(&file).expect("a file");
        // Comments may break between the page and the section.
        let joined: Vec<&str> = text
            .lines()
            .map(|line| {
                line.trim_start()
                    .trim_start_matches(['/', '!', '*', '#', '-'])
                    .trim()
            })
            .collect();
        let joined = joined.join(" ");
        for (place, _) in joined.match_indices(".md") {
            let before = &joined[..place];
            let start = before
                .rfind(|letter: char| letter.is_whitespace() || "`()[]\"'".contains(letter))
                .map_or(0, |space| space + 1);
            let name = &joined[start..place + 3];
            let after = joined[place + 3..].trim_start_matches(['`', ')', ']']);
            let names = cited(after);
            if names.is_empty() || name.starts_with('.') && !name.starts_with("..") {
                continue;
            }
            let page = [
                root().join(name),
                file.parent().expect("a folder").join(name),
                root().join("docs/spec").join(name),
            ];
            let Some(page) = page.iter().find(|page| page.is_file()) else {
                lost.push(format!("{}: {name}", shown(&file)));
                continue;
            };
            let text = fs::read_to_string(page).expect("a page");
            let sections = sections(&text);
            for name in names {
                if !sections.contains(&name) && !text.contains(&format!("| {name} |")) {
                    lost.push(format!("{}: {name} of {}", shown(&file), shown(page)));
                }
            }
        }
    }
    assert!(
        lost.is_empty(),
        "cited, but not there:\n{}",
        lost.join("\n")
    );
}
