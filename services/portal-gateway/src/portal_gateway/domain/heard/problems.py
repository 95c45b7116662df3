"""What a service says of a request that it refuses: title, remedy and faults of its problem documents."""

from __future__ import annotations

from typing import Final

from portal_gateway.domain.speech.language import N_

# fmt: off
PROBLEMS: Final = (
    # runtime: audit_api.py
    N_("Only operators verify the audit log"),
    # runtime: auth.py
    N_("Ask the secretariat to assign one."),
    N_("The account has no Plumbline role"),
    N_("The sign-in service does not answer"),
    N_("%(fault)s; try again."),
    N_("A token is needed"),
    N_("Send Authorization: Bearer <token>; plumbline token --as USER prints one."),
    N_("The token is refused"),
    # runtime: dlq.py
    N_("Only operators handle quarantined records"),
    N_("The consumer that refused it no longer exists"),
    N_("It is still refused"),
    N_("There is no such quarantined record"),
    # runtime: http.py
    N_("The request is not valid"),
    N_("%(path)s is not known, or not yours to read."),
    N_("Nothing is here"),
    N_("Something in the request cannot be stored or looked up"),
    N_("Something failed on our side"),
    N_("Nothing was half done. Try again; if it stays, tell operations."),
    N_("Take it from the last answer's next link."),
    N_("The cursor is not valid"),
    # scoring: api.py
    N_("No time lies between these"),
    N_("That is too much for one answer"),
    N_("More than %(most)s revisions of %(metric)s of %(scope)s lie between these. Move from and to closer."),
    N_("Nothing is shared"),
    N_(
        "%(country)s has shared no resources of its own, or not with you. A Member State shares them with the"
        " table national-resources: plumbline template national-resources."
    ),
    N_("There is no such publisher"),
    N_("No project of %(entity)s is known, or none that you may read."),
    N_("Others are replaying"),
    N_("Try again in a few seconds; without valid_as_of history answers at once."),
    N_("That would replay too much at once"),
    N_(
        "%(metric)s of %(scope)s rests on more than %(most)s facts. Leave valid_as_of out, and history "
        "answers at once; or ask for a country, an entity or a project; or make a snapshot, which may take "
        "its time: plumbline snapshot create --valid-to DAY --id ID."
    ),
    N_(
        "%(metric)s of %(scope)s is read by entities of the Compact and the secretariat. What single projects"
        " publish is open to all, and so are the figures that were published of totals."
    ),
    N_("There is no such figure"),
    N_(
        "%(metric)s of %(scope)s is not published, or not yours to read. M1, M2 and M4 exist for a project, "
        "M1 and M2 for an indicator, M2 and M4 for every other scope, M7 for global, country, region and "
        "theme; %(names)s for a project and every total that has any; M12 for every total, M13 and M14 for "
        "country, region, theme and global, M13 for pillars too, M15 for entity and global, M17 for global."
    ),
    # scoring: api_operations.py
    N_("Ask somebody who is %(names)s."),
    N_("That is not yours to do"),
    N_("Letters, digits, '.', '_' and '-', 64 at most."),
    N_("That cannot name a snapshot"),
    N_("That day is still to come"),
    N_("%(snapshot)s exists already"),
    N_(
        "%(snapshot)s has no %(metric)s of %(scope)s, or it is withheld, or not yours to read. Totals over "
        "fewer than three projects or two entities, and those from which one could be worked out, are not "
        "public."
    ),
    N_("Another %(kind)s is under way"),
    N_("Ask again when it is done."),
    N_("%(snapshot)s can never be made again: choose another id."),
    N_("That snapshot exists"),
    N_("There is no such snapshot"),
    N_(
        "%(snapshot)s is not among them: GET /v1/snapshots lists all. One that was being made when its "
        "service stopped is made anew."
    ),
    N_("There is nothing to switch to"),
    N_("%(method)s was never published, or is in force: plumbline method show lists all."),
    N_("No rebuild was begun"),
    N_("POST /v1/rebuild begins one: plumbline rebuild."),
    # scoring: when.py
    N_("There is no such version of the method"),
    N_("%(method)s names a release or a list that was never published: plumbline method show lists all."),
    N_("That is neither a day nor an instant"),
    N_("%(name)s is %(length)s; write a day as 2026-03-31, or an instant as 2026-03-31T12:00:00Z."),
    N_("That is still to come"),
    N_("%(name)s is %(length)s: nobody knows yet what will be known then. Take a day that has begun."),
    # intake: api.py
    N_("You send for %(ref)s, not for %(claimed)s"),
    N_("Only entities and offices submit"),
    N_("Sign in as an entity, the secretariat (with ?entity=REF for one), operations or a Member State."),
    N_("%(ref)s is not registered"),
    N_("Register it: plumbline entity add %(ref)s"),
    N_("Each finding names its place and remedy."),
    N_("No event was accepted"),
    N_("The body is not JSON"),
    N_("Send at least one CloudEvent."),
    N_("There is no event in the body"),
    N_("%(found)s events at once"),
    N_("Send %(most)s at most."),
    N_("That is too large"),
    N_("Send %(most)s bytes at most."),
    N_("The address holds a zero byte"),
    N_("The file's name is not usable"),
    N_("Use 1 to 200 characters without slashes."),
    N_("Only entities submit activities"),
    N_("Sign in as one."),
    N_("Split it, or send it compressed with gzip."),
    N_("The file is larger than %(limit)s MiB"),
    N_("Send fewer events at once."),
    N_("The request is larger than %(limit)s bytes"),
    N_("Content-Encoding %(packing)s is not read"),
    N_("Send it plain or with gzip."),
    N_("The body is not gzip, though its header says so"),
    N_("The request unpacks to more than %(limit)s bytes"),
    N_("The gzip body ends before its end"),
    N_("There is no such receipt, or it is not yours to read"),
    N_("There is no such source, or it is not yours to read"),
    N_("The activity has lines %(first)s to %(n)s"),
    N_("Say whose"),
    N_("Only the secretariat registers entities"),
    N_("The reference cannot be used"),
    # runtime: auth.py, why a token is refused
    N_("The token is not a JSON Web Token."),
    N_("The token is signed with %(algorithm)s, which is not allowed."),
    N_("The token is not an access token (typ at+jwt)."),
    N_("The token has expired; get a new one."),
    N_("The token is not meant for %(audience)s."),
    N_("The token comes from another issuer."),
    N_("The token is not valid: %(error)s."),
    N_("The token is signed with a key the issuer does not publish."),
    # notifier: domain/errors.py
    N_("The subscription is not valid."),
    N_("The messages cannot be filed so."),
    N_("You cannot be told at such hours."),
    N_("You have another subscription that says the same."),
    N_("Only an entity itself reads its receipts."),
    N_("The limit of subscriptions is reached; delete one that is no longer needed."),
    N_("There is nothing by that id, or it is not yours."),
    # notifier: domain/subscription.py, domain/filing.py, domain/hours.py
    N_("must be one of %(choices)s"),
    N_("does not belong to a subscription about %(about)s; it takes %(fields)s"),
    N_("is missing; a subscription about %(about)s needs it"),
    N_("is missing; name a metric, a scope or both"),
    N_("cannot be changed; what can is %(fields)s"),
    N_("must be M1 to M17"),
    N_("must be a kind of alert, e.g. off-track or status-changed"),
    N_("must be an IATI identifier, 256 characters at most"),
    N_("must be an organisation reference, 256 characters at most"),
    N_("must be a whole number of µ from 0 to %(most)s; 5000 is half a percentage point"),
    N_("must be true or false"),
    N_("must be an instant with its zone, from now to a year ahead"),
    N_("belongs to snooze alone"),
    N_("must be instant, daily or weekly"),
    N_("does not belong here; it takes %(fields)s"),
    N_("must be a time zone by its IANA name, e.g. Africa/Bamako"),
    N_("must be a time of the day, e.g. 22:00"),
    N_("must be days of the week from 1, Monday, to 7, Sunday; one at least"),
    N_("leaves no time to tell anything; end it, or leave a day out"),
    N_("must be an object with from, to and days, or null"),
)
# fmt: on
