"""Every SQL statement of scoring. Rows are always locked in the order of their keys: projects, cells, families."""

from __future__ import annotations

from scoring.store.cells import CellRow as CellRow
from scoring.store.cells import all_cells as all_cells
from scoring.store.cells import cell as cell
from scoring.store.cells import lock_cells as lock_cells
from scoring.store.cells import save_cells as save_cells
from scoring.store.facts import FactRow as FactRow
from scoring.store.facts import append_facts as append_facts
from scoring.store.facts import facts_by_id as facts_by_id
from scoring.store.facts import facts_of as facts_of
from scoring.store.facts import projects_with_facts as projects_with_facts
from scoring.store.families import FamilyRow as FamilyRow
from scoring.store.families import Part as Part
from scoring.store.families import all_family_cells as all_family_cells
from scoring.store.families import family_cell as family_cell
from scoring.store.families import family_parts as family_parts
from scoring.store.families import lock_family_cells as lock_family_cells
from scoring.store.families import save_family_cells as save_family_cells
from scoring.store.families import save_terms as save_terms
from scoring.store.history import append_revisions as append_revisions
from scoring.store.history import revision_at as revision_at
from scoring.store.history import revisions_between as revisions_between
from scoring.store.projects import Saved as Saved
from scoring.store.projects import all_states as all_states
from scoring.store.projects import close_day as close_day
from scoring.store.projects import closed_day as closed_day
from scoring.store.projects import due_projects as due_projects
from scoring.store.projects import lock_projects as lock_projects
from scoring.store.projects import project_states as project_states
from scoring.store.projects import rates_token as rates_token
from scoring.store.projects import save_projects as save_projects
from scoring.store.projects import save_shares as save_shares
from scoring.store.totals import Line as Line
from scoring.store.totals import Total as Total
from scoring.store.totals import total as total
from scoring.store.world import Kept as Kept
from scoring.store.world import counted_among as counted_among
from scoring.store.world import keep_rates as keep_rates
from scoring.store.world import keep_shared_result as keep_shared_result
from scoring.store.world import projects_with_foreign_money as projects_with_foreign_money
from scoring.store.world import rate_tables as rate_tables
from scoring.store.world import save_passing as save_passing
from scoring.store.world import senders_to as senders_to
from scoring.store.world import shared_results as shared_results
from scoring.store.world import world_at as world_at
