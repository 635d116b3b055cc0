//! What a vectorizer is, kept from statement to statement: a session that writes its source row by row would else read half a dozen catalogs for each row.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::definition::Vectorizer;
use super::source::{self, Layout};
use crate::pg::error::Result;
use crate::pg::relation_watch::{self, Mark};
use crate::pg::snapshot;

/// So many are kept.
const MOST: usize = 64;

/// A vectorizer, and what it reads of its source by the names of now.
pub struct Known {
    pub vectorizer: Vectorizer,
    pub layout: Layout,
    /// The columns that it reads.
    pub columns: Vec<String>,
}

/// The vectorizer of this key, as of now; `None` where there is none.
pub fn of(id: i64) -> Result<Option<Rc<Known>>> {
    thread_local! {
        static KEPT: RefCell<HashMap<i64, (Mark, Rc<Known>)>> = RefCell::new(HashMap::new());
    }
    let kept = KEPT.with_borrow(|kept| kept.get(&id).cloned());
    if let Some((mark, known)) = kept
        && mark == relation_watch::mark(&[known.vectorizer.source, known.vectorizer.store])
    {
        return Ok(Some(known));
    }
    let Some(vectorizer) = snapshot::with_latest(|| Vectorizer::by_id(id))? else {
        return Ok(None);
    };
    // What changes while it is read makes the mark out of date.
    let mark = relation_watch::mark(&[vectorizer.source, vectorizer.store]);
    let Some(vectorizer) = snapshot::with_latest(|| Vectorizer::by_id(vectorizer.id))? else {
        return Ok(None);
    };
    let layout = snapshot::with_latest(|| vectorizer.layout())?;
    let columns = snapshot::with_latest(|| source::columns_of(vectorizer.source, id))?;
    let known = Rc::new(Known {
        vectorizer,
        layout,
        columns,
    });
    KEPT.with_borrow_mut(|kept| {
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(id, (mark, Rc::clone(&known)));
    });
    Ok(Some(known))
}
