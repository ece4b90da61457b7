//! Articles: known by id and language, or by saying the same under another id.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::bot::{Article, Handling};
use crate::conversation::Lang;

use super::super::draft::ArticleDraft;
use super::super::report::Outcome;
use super::super::{clean, render};
use super::{Entry, Merge, Said};

/// Characters looked at to tell the language of an article.
const LANG_CHARS: usize = 2_000;

impl Merge<'_> {
    pub(super) fn articles(&mut self, mut drafts: Vec<ArticleDraft>) {
        let mut ids: BTreeSet<(Lang, String)> = self
            .base
            .articles
            .iter()
            .map(|a| (a.lang, a.id.clone()))
            .collect();
        for draft in &mut drafts {
            let lang = draft.lang.unwrap_or_else(|| guessed(draft));
            draft.lang = Some(lang);
            ids.insert((lang, draft.id.clone()));
        }
        let mut seen: HashMap<(Option<Lang>, String), String> = HashMap::new();
        for mut draft in drafts {
            let key = (draft.lang, draft.id.to_lowercase());
            if let Some(first) = seen.get(&key) {
                let message = format!("id `{}` is in {first} already; the first counts", draft.id);
                self.note(Outcome::Duplicate, &draft.place, "duplicate", message);
                continue;
            }
            seen.insert(key, draft.place.file.clone());
            if let Some(handling) = &mut draft.handling {
                self.keep_known(handling, &ids);
            }
            self.article(draft);
        }
    }

    /// Drops pointers to articles that are neither there nor on their way: the loader refuses them.
    fn keep_known(&mut self, handling: &mut Handling, ids: &BTreeSet<(Lang, String)>) {
        let before = handling.related.len() + handling.translations.len();
        handling
            .related
            .retain(|id| Lang::ALL.iter().any(|lang| ids.contains(&(*lang, id.clone()))));
        handling
            .translations
            .retain(|lang, id| ids.contains(&(*lang, id.clone())));
        let after = handling.related.len() + handling.translations.len();
        self.report
            .not_carried("related or translated article that is not there", before - after);
    }

    fn article(&mut self, draft: ArticleDraft) {
        let said = Said {
            title: &draft.title,
            answer: &draft.body,
            questions: draft.questions.as_deref(),
            tags: draft.tags.as_deref(),
        };
        let is_it = |article: &Arc<Article>| {
            Some(article.lang) == draft.lang && article.id.eq_ignore_ascii_case(&draft.id)
        };
        let there = self.base.articles.iter().position(is_it);
        let same_handling = |article: &Article| {
            draft
                .handling
                .as_ref()
                .is_none_or(|handling| *handling == article.handling)
        };
        if let Some(at) = there {
            if self.says(Entry::Article(at), &said) && same_handling(&self.base.articles[at]) {
                return self.report.count(Outcome::Unchanged);
            }
            let name = self.stands_in(Entry::Article(at));
            if self.may_replace(&draft.place, &format!("article `{}`", draft.id), &name) {
                let article = merged(draft, Some(&self.base.articles[at]));
                self.write_article(&article);
            }
            return;
        }
        let entries = self.entries(&draft.title, draft.lang);
        if entries.iter().any(|entry| self.says(*entry, &said)) {
            return self.report.count(Outcome::Unchanged);
        }
        self.add_article(draft);
    }

    fn add_article(&mut self, draft: ArticleDraft) {
        let place = draft.place.clone();
        let mut article = merged(draft, None);
        let name = self.free_name(&article);
        article.file = self.root.join(&name);
        // Not known as an article, so it is one that cannot be read.
        if article.file.exists() && !self.may_replace(&place, &format!("article `{}`", article.id), &name) {
            return;
        }
        if !article.file.exists() {
            self.report.count(Outcome::New);
        }
        self.write_article(&article);
    }

    /// A file name that no other article has, whatever the case.
    fn free_name(&self, article: &Article) -> String {
        let slug = clean::slug(&article.id);
        let slug = if slug.is_empty() { "article" } else { &slug };
        let taken = |name: &str| {
            self.files.contains_key(name)
                || self
                    .base
                    .articles
                    .iter()
                    .any(|a| self.relative(&a.file).eq_ignore_ascii_case(name))
        };
        let first = format!("articles/{}/{slug}.md", article.lang);
        let others = (2..).map(|number| format!("articles/{}/{slug}-{number}.md", article.lang));
        std::iter::once(first)
            .chain(others)
            .find(|name| !taken(name))
            .unwrap_or_default()
    }

    pub(super) fn write_article(&mut self, article: &Article) {
        let name = self.relative(&article.file);
        let said_by_folder = name.split('/').find_map(Lang::of_code);
        let text = render::article(article, said_by_folder != Some(article.lang));
        self.files.insert(name, text.into_bytes());
    }
}

fn guessed(draft: &ArticleDraft) -> Lang {
    let begin: String = draft.body.chars().take(LANG_CHARS).collect();
    Lang::of_text(&begin)
        .or_else(|| Lang::of_text(&draft.title))
        .unwrap_or(Lang::Zh)
}

/// The article as it will be: what the draft does not say stays as it is.
fn merged(draft: ArticleDraft, there: Option<&Article>) -> Article {
    let kept = |list: Option<Vec<String>>, there: Option<&Vec<String>>| {
        list.unwrap_or_else(|| there.cloned().unwrap_or_default())
    };
    Article {
        id: there.map_or(draft.id, |a| a.id.clone()),
        title: draft.title,
        lang: draft.lang.unwrap_or(Lang::Zh),
        tags: kept(draft.tags, there.map(|a| &a.tags)),
        questions: kept(draft.questions, there.map(|a| &a.questions)),
        handling: draft
            .handling
            .or_else(|| there.map(|a| a.handling.clone()))
            .unwrap_or_default(),
        body: draft.body,
        file: there.map(|a| a.file.clone()).unwrap_or_default(),
        body_line: 1,
        source: there.map_or(0, |a| a.source),
    }
}
