//! Which incidents open issues make, join and bring together: one for each root cause. Nothing here reads or writes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::Deserialize;

use super::incident::Severity;
use super::state::Status;

/// An asset that something is wrong with.
#[derive(Debug, Clone, Deserialize)]
pub struct Broken {
    pub id: i64,
    /// The relation that it is, or is part of: all of that is one place. `None` for what is no relation.
    pub relation: Option<i64>,
    /// Whether it is the relation itself.
    pub is_relation: bool,
}

/// An open issue.
#[derive(Debug, Clone, Deserialize)]
pub struct OpenIssue {
    pub id: i64,
    pub asset: i64,
    /// Whether it has just been opened, opened again or become worse.
    pub is_new: bool,
    /// Of a new one the severity of an incident that a policy wants to have declared of it.
    pub wanted: Option<Severity>,
    /// The active incident that it belongs to.
    pub incident: Option<i64>,
}

/// An incident that is not over.
#[derive(Debug, Clone, Deserialize)]
pub struct Active {
    pub id: i64,
    pub root: Option<i64>,
    pub by_policy: bool,
    pub status: Status,
    pub severity: Severity,
    /// The assets of its issues, whether these are open or not.
    pub assets: Vec<i64>,
}

/// What there is to decide about.
#[derive(Debug, Deserialize)]
pub struct Situation {
    pub assets: Vec<Broken>,
    /// The oldest first.
    pub issues: Vec<OpenIssue>,
    /// The oldest first.
    pub incidents: Vec<Active>,
}

/// What becomes of an incident that is there, or of one that is declared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gathering {
    /// The incident; `None` for one to be declared.
    pub incident: Option<i64>,
    /// Where its cause lies.
    pub root: i64,
    pub issues: Vec<i64>,
    /// Incidents that become part of it.
    pub duplicates: Vec<i64>,
    /// The severity that it gets, where that is another one.
    pub severity: Option<Severity>,
    /// Whether it was thought mitigated.
    pub is_back: bool,
}

impl Gathering {
    fn of(incident: &Active, root: i64) -> Gathering {
        Gathering {
            incident: Some(incident.id),
            root,
            ..Gathering::default()
        }
    }

    /// Takes an issue in. What a policy declared is as bad as policy says of the worst of its issues, and is not over while something new
    /// fails; what a person declared is for people to judge.
    fn add(&mut self, issue: &OpenIssue, incident: &Active) {
        if issue.incident != Some(incident.id) {
            self.issues.push(issue.id);
        }
        if incident.by_policy && issue.is_new {
            self.is_back = incident.status == Status::Mitigated;
            self.worsen(issue.wanted, incident.severity);
        }
    }

    fn worsen(&mut self, wanted: Option<Severity>, now: Severity) {
        if let Some(wanted) = wanted.filter(|wanted| *wanted < self.severity.unwrap_or(now)) {
            self.severity = Some(wanted);
        }
    }

    /// Whether there is anything to do. An incident of nothing is not declared.
    pub fn changes_something(&self) -> bool {
        let gathers = !self.issues.is_empty() || !self.duplicates.is_empty();
        gathers || self.incident.is_some() && (self.severity.is_some() || self.is_back)
    }
}

/// Relations with their columns and checks as one place each, which stands under the number of one of its assets.
struct Places(HashMap<i64, i64>);

impl Places {
    fn of(assets: &[Broken]) -> Places {
        let mut by_relation: HashMap<i64, (bool, i64)> = HashMap::new();
        for asset in assets {
            if let Some(relation) = asset.relation {
                // The relation itself, else what was recorded first.
                let candidate = (!asset.is_relation, asset.id);
                let first = by_relation.entry(relation).or_insert(candidate);
                *first = (*first).min(candidate);
            }
        }
        let place = |asset: &Broken| {
            asset
                .relation
                .and_then(|relation| by_relation.get(&relation))
                .map_or(asset.id, |first| first.1)
        };
        Places(assets.iter().map(|asset| (asset.id, place(asset))).collect())
    }

    fn get(&self, asset: i64) -> i64 {
        self.0.get(&asset).copied().unwrap_or(asset)
    }
}

/// What is to be done; `roots` says of each asset that something is wrong with which of them explains it.
///
/// An issue joins the active incident of its root cause, else that of its own place. Where there is none, and a policy wants one, an incident is declared of
/// all that has the root cause. Incidents that a policy had declared of what now turns out to have that cause become part of it.
pub fn plan(situation: &Situation, roots: &[(i64, i64)]) -> Vec<Gathering> {
    let places = Places::of(&situation.assets);
    let causes = Causes::of(&places, roots);
    let by_id: HashMap<i64, &Active> = situation
        .incidents
        .iter()
        .map(|incident| (incident.id, incident))
        .collect();
    let active_at = incidents_by_place(&situation.incidents, &places);

    let mut joined: BTreeMap<i64, Gathering> = BTreeMap::new();
    let mut new: BTreeMap<i64, Gathering> = BTreeMap::new();
    let effects = effects_by_cause(&situation.incidents, &causes);
    for (&cause, &wanted) in &wanted_by_cause(situation, &causes, &by_id) {
        let effects = effects.get(&cause).map(Vec::as_slice).unwrap_or_default();
        let whole = active_at.get(&cause).and_then(|id| by_id.get(id)).copied();
        let duplicates: Vec<&Active> = effects
            .iter()
            .copied()
            .filter(|effect| whole.is_none_or(|whole| whole.id != effect.id))
            .collect();
        let worst = duplicates.iter().map(|duplicate| duplicate.severity).min();
        let gathering = match whole {
            Some(whole) => {
                let gathering = joined.entry(whole.id).or_insert_with(|| Gathering::of(whole, cause));
                if whole.by_policy {
                    gathering.worsen(worst, whole.severity);
                }
                gathering
            }
            None if wanted.is_some() || !duplicates.is_empty() => new.entry(cause).or_insert_with(|| Gathering {
                root: cause,
                severity: [wanted, worst].into_iter().flatten().min(),
                ..Gathering::default()
            }),
            None => continue,
        };
        gathering
            .duplicates
            .extend(duplicates.iter().map(|duplicate| duplicate.id));
    }
    let taken: HashSet<i64> = joined
        .values()
        .chain(new.values())
        .flat_map(|gathering| gathering.duplicates.iter().copied())
        .collect();
    for issue in &situation.issues {
        let cause = causes.root_of(issue.asset);
        // What belongs to an incident stays there, but may make that worse; an older issue that belongs to none is taken along by a new incident.
        let own = match issue.incident {
            Some(own) if taken.contains(&own) => continue,
            Some(own) => Some(own),
            None => active_at
                .get(&cause)
                .or_else(|| active_at.get(&places.get(issue.asset)))
                .copied(),
        };
        match own.filter(|own| !taken.contains(own)).and_then(|own| by_id.get(&own)) {
            Some(own) if issue.is_new => joined
                .entry(own.id)
                .or_insert_with(|| Gathering::of(own, cause))
                .add(issue, own),
            Some(_) => {}
            None => {
                if let Some(gathering) = new.get_mut(&cause) {
                    gathering.issues.push(issue.id);
                }
            }
        }
    }
    joined
        .into_values()
        .chain(new.into_values())
        .filter(Gathering::changes_something)
        .collect()
}

/// The root cause that the new issues have in common, if they do; `roots` as [`plan`] takes them.
pub fn common_root(situation: &Situation, roots: &[(i64, i64)]) -> Option<i64> {
    let places = Places::of(&situation.assets);
    let causes = Causes::of(&places, roots);
    let new = situation.issues.iter().filter(|issue| issue.is_new);
    let found: BTreeSet<i64> = new.map(|issue| causes.root_of(issue.asset)).collect();
    found.first().copied().filter(|_| found.len() == 1)
}

/// Which place explains what is wrong with each.
struct Causes<'a> {
    places: &'a Places,
    explained: HashMap<i64, i64>,
}

impl<'a> Causes<'a> {
    fn of(places: &'a Places, roots: &[(i64, i64)]) -> Causes<'a> {
        let mut explained: HashMap<i64, i64> = HashMap::new();
        for (asset, root) in roots {
            let (place, root) = (places.get(*asset), places.get(*root));
            // Of a relation's parts one that has a cause elsewhere explains the rest.
            let known = explained.entry(place).or_insert(root);
            if *known == place {
                *known = root;
            }
        }
        Causes { places, explained }
    }

    fn root_of(&self, asset: i64) -> i64 {
        let place = self.places.get(asset);
        self.explained.get(&place).copied().unwrap_or(place)
    }
}

/// The causes of new issues, and the worst incident that a policy wants of each. What belongs to an incident that a person declared stays there, and is no
/// reason for another one.
fn wanted_by_cause(
    situation: &Situation,
    causes: &Causes<'_>,
    by_id: &HashMap<i64, &Active>,
) -> BTreeMap<i64, Option<Severity>> {
    let is_with_people = |issue: &&OpenIssue| {
        issue
            .incident
            .and_then(|id| by_id.get(&id))
            .is_some_and(|own| !own.by_policy)
    };
    let mut wanted: BTreeMap<i64, Option<Severity>> = BTreeMap::new();
    for issue in situation
        .issues
        .iter()
        .filter(|issue| issue.is_new && !is_with_people(issue))
    {
        let worst = wanted.entry(causes.root_of(issue.asset)).or_default();
        *worst = [*worst, issue.wanted].into_iter().flatten().min();
    }
    wanted
}

/// What a policy declared of the effects of causes that were not known then.
fn effects_by_cause<'s>(incidents: &'s [Active], causes: &Causes<'_>) -> HashMap<i64, Vec<&'s Active>> {
    let mut effects: HashMap<i64, Vec<&Active>> = HashMap::new();
    for incident in incidents.iter().filter(|incident| incident.by_policy) {
        if let Some(root) = incident.root
            && causes.root_of(root) != causes.places.get(root)
        {
            effects.entry(causes.root_of(root)).or_default().push(incident);
        }
    }
    effects
}

/// The active incident of each place: the oldest whose cause lies there, else the oldest with an issue of it.
fn incidents_by_place(incidents: &[Active], places: &Places) -> HashMap<i64, i64> {
    let mut found: HashMap<i64, i64> = HashMap::new();
    for incident in incidents {
        if let Some(root) = incident.root {
            found.entry(places.get(root)).or_insert(incident.id);
        }
    }
    let caused: BTreeSet<i64> = found.keys().copied().collect();
    for incident in incidents {
        for asset in incident
            .assets
            .iter()
            .map(|asset| places.get(*asset))
            .filter(|place| !caused.contains(place))
        {
            found.entry(asset).or_insert(incident.id);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asset(id: i64) -> Broken {
        Broken {
            id,
            relation: None,
            is_relation: false,
        }
    }

    fn issue(id: i64, asset: i64, wanted: Option<Severity>) -> OpenIssue {
        OpenIssue {
            id,
            asset,
            is_new: true,
            wanted,
            incident: None,
        }
    }

    fn old(id: i64, asset: i64, incident: Option<i64>) -> OpenIssue {
        OpenIssue {
            is_new: false,
            incident,
            ..issue(id, asset, None)
        }
    }

    fn incident(id: i64, root: i64, severity: Severity) -> Active {
        Active {
            id,
            root: Some(root),
            by_policy: true,
            status: Status::Open,
            severity,
            assets: vec![root],
        }
    }

    fn planned(issues: Vec<OpenIssue>, incidents: Vec<Active>, roots: &[(i64, i64)]) -> Vec<Gathering> {
        let assets = roots.iter().map(|(id, _)| asset(*id)).collect();
        let situation = Situation {
            assets,
            issues,
            incidents,
        };
        plan(&situation, roots)
    }

    #[test]
    fn one_cause_makes_one_incident_as_bad_as_the_worst_that_it_does() {
        let issues = vec![
            issue(1, 10, Some(Severity::Sev3)),
            issue(2, 11, Some(Severity::Sev1)),
            issue(3, 12, None),
            issue(4, 20, None),
        ];
        let made = planned(issues, vec![], &[(10, 10), (11, 10), (12, 10), (20, 20)]);
        let expected = Gathering {
            root: 10,
            issues: vec![1, 2, 3],
            severity: Some(Severity::Sev1),
            ..Gathering::default()
        };
        assert_eq!(made, [expected]);
    }

    #[test]
    fn without_a_policy_nothing_is_declared() {
        assert_eq!(planned(vec![issue(1, 10, None)], vec![], &[(10, 10)]), []);
    }

    #[test]
    fn an_effect_joins_the_incident_of_its_cause_and_takes_part_in_judging_it() {
        let mut mitigated = incident(5, 10, Severity::Sev3);
        mitigated.status = Status::Mitigated;
        let made = planned(
            vec![issue(2, 11, Some(Severity::Sev2))],
            vec![mitigated],
            &[(10, 10), (11, 10)],
        );
        let expected = Gathering {
            incident: Some(5),
            root: 10,
            issues: vec![2],
            severity: Some(Severity::Sev2),
            is_back: true,
            ..Gathering::default()
        };
        assert_eq!(made, [expected]);
    }

    #[test]
    fn what_a_person_declared_is_not_judged() {
        let mut declared = incident(5, 10, Severity::Sev4);
        (declared.by_policy, declared.status) = (false, Status::Mitigated);
        let made = planned(
            vec![issue(2, 11, Some(Severity::Sev1))],
            vec![declared],
            &[(10, 10), (11, 10)],
        );
        let expected = Gathering {
            incident: Some(5),
            root: 10,
            issues: vec![2],
            ..Gathering::default()
        };
        assert_eq!(made, [expected]);
    }

    #[test]
    fn a_cause_that_is_found_late_gathers_what_was_declared_of_its_effects() {
        let issues = vec![
            old(1, 11, Some(5)),
            old(2, 12, Some(6)),
            old(3, 13, None),
            issue(4, 10, None),
        ];
        let incidents = vec![incident(5, 11, Severity::Sev2), incident(6, 12, Severity::Sev1)];
        let made = planned(issues, incidents, &[(10, 10), (11, 10), (12, 10), (13, 10)]);
        let expected = Gathering {
            root: 10,
            issues: vec![3, 4],
            duplicates: vec![5, 6],
            severity: Some(Severity::Sev1),
            ..Gathering::default()
        };
        assert_eq!(made, [expected]);
    }

    #[test]
    fn an_issue_of_an_active_incident_stays_there_and_may_bring_it_back() {
        let mut mitigated = incident(5, 10, Severity::Sev2);
        mitigated.status = Status::Mitigated;
        let mut again = issue(1, 10, Some(Severity::Sev2));
        again.incident = Some(5);
        let made = planned(vec![again], vec![mitigated], &[(10, 10)]);
        let expected = Gathering {
            incident: Some(5),
            root: 10,
            is_back: true,
            ..Gathering::default()
        };
        assert_eq!(made, [expected]);
    }

    #[test]
    fn a_relation_and_its_columns_are_one_place() {
        let part = |id: i64, is_relation: bool| Broken {
            id,
            relation: Some(77),
            is_relation,
        };
        let situation = Situation {
            assets: vec![part(10, false), part(11, true), part(12, false)],
            issues: vec![
                issue(1, 10, Some(Severity::Sev2)),
                issue(2, 11, None),
                issue(3, 12, None),
            ],
            incidents: vec![],
        };
        let made = plan(&situation, &[(10, 10), (11, 11), (12, 12)]);
        assert_eq!(made.len(), 1);
        assert_eq!((made[0].root, made[0].issues.as_slice()), (11, &[1, 2, 3][..]));
    }

    #[test]
    fn issues_have_a_root_cause_in_common_or_none() {
        let common = |issues: Vec<OpenIssue>, roots: &[(i64, i64)]| {
            let situation = Situation {
                assets: roots.iter().map(|(id, _)| asset(*id)).collect(),
                issues,
                incidents: vec![],
            };
            common_root(&situation, roots)
        };
        let roots = [(10, 10), (11, 10), (12, 10), (20, 20)];
        assert_eq!(common(vec![issue(1, 11, None), issue(2, 12, None)], &roots), Some(10));
        assert_eq!(common(vec![issue(1, 11, None), old(2, 20, None)], &roots), Some(10));
        assert_eq!(common(vec![issue(1, 11, None), issue(2, 20, None)], &roots), None);
        assert_eq!(common(vec![old(1, 11, None)], &roots), None);
    }
}
