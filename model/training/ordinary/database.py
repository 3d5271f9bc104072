"""People who talk about SQL, and tools that send the languages of databases and searches."""

from .words import SEARCHED, fill, lines, number, phrase, pick, prose

STATEMENTS = (
    "SELECT §c FROM §t WHERE §c = §n", "SELECT §c, §c, COUNT(*) FROM §t GROUP BY §c ORDER BY §d DESC", "SELECT * FROM §t1 a JOIN §t b ON a.id = b.§c WHERE b.§c IS NOT NULL", "select count(*) from §t where §c > '§date'",
    "INSERT INTO §t (§c, §c) VALUES (§n, '§last')", "UPDATE §t SET §c = '§w' WHERE id = §n", "DELETE FROM §t WHERE §c < now() - interval '§dd days'", "CREATE TABLE §t (id serial primary key, §c text not null, §c timestamptz default now())",
    "ALTER TABLE §t ADD COLUMN §c varchar(§dd) DEFAULT ''", "CREATE INDEX idx_§t_§c ON §t USING btree (§c)", "SELECT a.§c, b.§c FROM §t a LEFT OUTER JOIN §t b USING (§c)\nWHERE a.§c BETWEEN §n AND §n\nORDER BY a.§c LIMIT §dd",
    "WITH recent AS (\n  SELECT §c, max(§c) AS latest FROM §t GROUP BY §c\n)\nSELECT * FROM recent WHERE latest > '§date'", "SELECT CASE WHEN §c > §n THEN 'high' ELSE 'low' END AS level FROM §t", "EXPLAIN ANALYZE SELECT §c FROM §t WHERE lower(§c) LIKE '§w%'",
    "SELECT §c FROM §t\nUNION ALL\nSELECT §c FROM §t", "DROP TABLE IF EXISTS §t_backup", "GRANT SELECT ON §t TO §w_reader", "SELECT DATE_ADD(§c, INTERVAL §d DAY) FROM §t", "select top §dd §c, §c from dbo.§Id order by §c", "TRUNCATE TABLE §t_staging",
    "SELECT coalesce(§c, '') || ' ' || coalesce(§c, '') AS full_name FROM §t", "BEGIN;\nUPDATE §t SET §c = §c + §n;\nCOMMIT;", "SELECT §c, row_number() OVER (PARTITION BY §c ORDER BY §c DESC) FROM §t", "SELECT * FROM §t WHERE §c IN (SELECT §c FROM §t WHERE §c = 'active')",
)
ASKED = (
    "How do I drop a table in §db without losing the §w?", "Why is `§sql` so slow on §n rows?", "I get \"§sqlerror\" when I run §sql. What am I doing wrong?", "§sql -- this works on my machine but not on the server", "Hi, in the §w report the query §sql returns §n rows instead of §n.",
    "How can I escape a single quote such as in O'§w in §db?", "What is the difference between UNION and UNION ALL? My teacher §last says UNION removes duplicates from §t.", "Can somebody explain INNER JOIN vs LEFT JOIN on §t.§c, and when to use WHERE or HAVING?", "SELECT is a reserved word, so is §W; should I put it between quotes or rename the column §c?",
    "We should not build SQL from strings; use a parameter: db.execute(\"§sqlp\", [§id])", "Our kid is called Bobby §last, so every §w project now ends in a joke about dropping the §t table.", "My favourite §w cartoon is the one about the mother who named her son after a DROP TABLE command; sanitise your inputs, §first!", "Please select the §w from the union list and drop it in the §w box.",
    "select a gift from the union store", "select a §w from the union store in §city", "select a §w from the §adj §w where you like", "The migration drops table §t and creates §t; order by is missing an index on §c.", "Ticket §n: after the update the §t table has null in §c where it should be '§w'.", "In class we wrote: §sql. Homework: do the same for §t and order by §c.",
    "§db tip: \"§sql\" locks the whole table, so run it at night.", "is there a way to select from table §t where §c is not null or empty", "where do I insert the coupon code, and where is the order total for §w §n?", "update: I deleted from the §t list everything that's null, now it's OK", "delete from my order the §adj §w and insert a §adj one, like we said",
    "Looking for a union rep or a select group of §w lovers", "A primary key can't be null; and a foreign key may. Exercise §d: which of 'a or b', \"1=1\" and 'x is null' are conditions?", "What does WHERE 1=1 do in the §t query that my ORM writes? Is it slow in §db?", "In §db §ver, does -- start a comment, or is it #? And /* like this */?",
    "`§sql`\n\nResult: §n rows in §f ms. Expected: §n. Version: §ver.", "The log says: duplicate key value violates unique constraint \"§t_§c_key\". §s", "In lesson §d §first taught that SELECT comes first, then FROM, WHERE, GROUP BY, HAVING and ORDER BY.", "§s The statement is §sql and it times out after §dd s. §s",
    "Sleeping §w's union: select 2 tickets and order before §date", "Best of §city: union jack or union square? Select one §w!", "The DBA said 'drop it' and then dropped it -- the whole §w database, not just the §t table.", "drop table reservations after §dd minutes; waiting list goes first", "Grant all §t access on §day, revoke on §date.",
)
ERRORS = ("ERROR: column \"§c\" does not exist", "ERROR 1064 (42000): You have an error in your SQL syntax near 'FROM §t' at line §d", "ORA-00942: table or view does not exist", "Incorrect syntax near the keyword 'where'.", "no such table: §t", "Unknown column '§c' in 'field list'", "relation \"§t\" already exists",
          "Msg 207, Level 16, State 1: Invalid column name '§c'.", "SQLSTATE[23000]: Integrity constraint violation: 1452", "deadlock detected: Process §n waits for ShareLock on transaction §n")
DATABASES = "Postgres PostgreSQL MySQL MariaDB SQLite Oracle MSSQL DuckDB BigQuery Snowflake ClickHouse Redshift H2 Access".split()
BUILDERS = (
    "§Id.where(§c: §n).order(§c: :desc).limit(§dd)", "§Id.objects.filter(§c__gte=§n).exclude(§c=None).order_by('-§c')[:§dd]", "session.query(§Id).filter(§Id.§c == '§w').all()", "knex('§t').select('§c', '§c').where('§c', '>', §n).orderBy('§c')", "db.§t.find({ §c: { $gte: §n } }).sort({ §c: -1 }).limit(§dd)",
    "await prisma.§id.findMany({ where: { §c: { contains: '§w' } }, orderBy: { §c: 'asc' } })", "DB::table('§t')->select('§c')->where('§c', '=', $§id)->groupBy('§c')->get();", "$stmt = $pdo->prepare('§sqlp'); $stmt->execute([$§id]);", "from x in db.§Id where x.§c > §n orderby x.§c select x.§c",
    "qb.select('u.§c').from('§t', 'u').leftJoin('u.§t', 'p').where('u.§c = :§c')", "cur.execute(\"§sqlp\", (§id,))", "rows, err := db.QueryContext(ctx, `§sqlp`, §id)", "create.select(§ID.ID).from(§ID).where(§ID.§C.eq(§n)).fetch();", "@Query(\"select u from §Id u where u.§c = :§c and u.§c is not null\")\nList<§Id> findBy§W(@Param(\"§c\") String §c);",
    "dplyr: §t %>% filter(§c > §n) %>% group_by(§c) %>% summarise(n = n())", "df.groupby('§c')['§c'].sum().sort_values(ascending=False).head(§dd)", "SELECT §c FROM §t WHERE §c = ${§id} -- from the mapper §Id.xml", "<select id=\"find§W\" resultType=\"§Id\">\n  SELECT §c, §c FROM §t WHERE §c = #{§c}\n</select>",
)
FIELD_LISTS = ("id,§c,§c,§c", "§t.§c,§t.§c,§t.count", "id,name,§c(id,§c),§t{§c,§c}", "SUM(§t.§c)", "§c:asc,§c:desc", "-§c,+§c", "COUNT(DISTINCT §c)", "dimensions: §t.§c, measures: §t.count, filters: §c > §n", "[§t].[§c].&[§n]", "SUM([§W Amount]) / COUNTD([§W ID])", "DATEDIFF('day', [§W Date], TODAY())",
               "[{\"column\":\"§c\",\"operator\":\"in\",\"value\":[§n,§n]},{\"column\":\"§c\",\"agg\":\"count\"}]", "{\"select\":[\"§c\",\"§c\"],\"from\":\"§t\",\"where\":{\"§c\":§n},\"limit\":§dd}", "?page,?limit,§c,?is_§w,?§w_name,§c", "items(kind,id,§c,§w(id),capabilities(can§W,can§W)),nextPageToken")
_EXTRA = {}


def _statement(rng):
    text = pick(rng, STATEMENTS)
    if rng.random() < 0.25:
        text = text.lower()
    return text + (";" if rng.random() < 0.3 else "")


_EXTRA.update({
    "sql": lambda rng: _statement(rng), "sqlp": lambda rng: fill(rng, rng.choice(("SELECT §c, §c FROM §t WHERE §c = ?", "SELECT * FROM §t WHERE §c = $1 AND §c > $2", "UPDATE §t SET §c = %s WHERE §c = %s", "INSERT INTO §t (§c) VALUES (:§c)"))),
    "sqlerror": lambda rng: pick(rng, ERRORS), "db": lambda rng: rng.choice(DATABASES), "C": lambda rng: fill(rng, "§c").upper(),
})


def sql(rng):
    """Tickets, posts, chats and searches about SQL."""
    draw = rng.random()
    if draw < 0.45:
        return " ".join(pick(rng, ASKED, **_EXTRA) for _ in range(rng.choice((1, 1, 1, 2))))
    if draw < 0.60:
        fence = rng.choice(("```sql\n{}\n```", "```\n{}\n```", "\n    {}\n", "<pre><code>{}</code></pre>"))
        return f"{pick(rng, ASKED, **_EXTRA)}\n\n{fence.format(chr(10).join(_statement(rng) for _ in range(rng.randint(1, 4))))}\n\n{prose(rng, 0, 2)}"
    if draw < 0.78:
        return rng.choice(("", "", prose(rng, 1, 1) + " ")) + "\n".join(lines(rng, BUILDERS, 1, 3, **_EXTRA))
    if draw < 0.90:
        return pick(rng, FIELD_LISTS, **_EXTRA)
    words = pick(rng, ASKED, **_EXTRA).split()
    start = rng.randrange(max(1, len(words) - 3))
    return " ".join(words[start:start + rng.randint(3, 9)]) + rng.choice(("", "", "?", "...", " " + phrase(rng)))


QUERIES = (
    "title:\"§W §w\" AND (§c:§w OR §c:§w) NOT §c:§adj", "§c:[§n TO §n] AND §c:(§w* §w?)^§d", "+§w -§w \"§adj §w\"~§d", "_exists_:§c AND NOT §c:null", "project = §wU AND status != Done AND assignee = currentUser() ORDER BY created DESC", "issuetype in (Bug, Task) AND labels = §w AND updated >= -§ddd ORDER BY priority ASC, key DESC",
    "text ~ \"§w §w\" AND sprint in openSprints() AND resolution is EMPTY", "$filter=§c eq '§w' and §c gt §n&$orderby=§c desc&$top=§dd&$skip=§n", "startswith(§c,'§W') eq true or contains(tolower(§c),'§w')", "§Id/any(d: d/§Id eq '§w' and d/§W ne null)", "$expand=§Id($select=§W,§W;$filter=§W ge §n)&$count=true",
    "from:(§mail) subject:(§w OR §w) has:attachment -in:spam after:§Y/§d/§d", "label:inbox is:unread older_than:§d¦d larger:§dM", "'root' in parents and trashed=false", "'§tok' in parents and mimeType!='application/vnd.google-apps.folder' and trashed = false", "name contains '§w' and modifiedTime > '§iso' and sharedWithMe", "creator='me' and trashed=false and shortcutDetails.targetId='§tok'",
    "SELECT Id, Name, Owner.Name FROM §W WHERE CreatedDate = LAST_N_DAYS:§dd ORDER BY Name LIMIT §dd", "SELECT Id, (SELECT LastName FROM Contacts) FROM Account WHERE Name LIKE '§W%' AND IsDeleted = false", "FIND {§W} IN ALL FIELDS RETURNING Account(Id, Name), Contact", "SELECT * FROM §Id WHERE ANCESTOR IS KEY('§W', §n) AND §c >= @1", "SELECT uid, name FROM user WHERE uid = me()",
    "select * from §brand.§w.§w where id = \"§tok\"", "select * from §w.§ws(§n) where symbol in (\"§wU\",\"§AZ§AZ§AZ\")", "select item from weather.forecast where woeid=§n and u=\"c\"", "SELECT ?item ?itemLabel WHERE { ?item wdt:P31 wd:Q§n . SERVICE wikibase:label { bd:serviceParam wikibase:language \"en\" } } LIMIT §dd", "PREFIX foaf: <http://xmlns.com/foaf/0.1/>\nSELECT ?name WHERE { ?p foaf:name ?name . FILTER(?age > §dd) }",
    "{\"query\":{\"bool\":{\"must\":[{\"match\":{\"§c\":\"§w\"}}],\"filter\":[{\"range\":{\"§c\":{\"gte\":\"now-§ddd/d\"}}}]}},\"size\":§dd}", "{\"aggs\":{\"by_§w\":{\"terms\":{\"field\":\"§c.keyword\",\"size\":§dd}}},\"_source\":[\"§c\",\"§c\"]}", "sum(rate(http_requests_total{job=\"§w\",code=~\"5..\"}[§dm])) by (instance)", "histogram_quantile(0.§dd, sum(rate(§w_seconds_bucket[§dm])) by (le)) > §f",
    "§id{env=\"prod\",§w!~\"§w|§w\"} offset §ddd", "SELECT mean(\"§c\") FROM \"§w\" WHERE $timeFilter GROUP BY time($__interval) fill(null)", "avg:system.cpu.user{env:§w,host:§w§n} by {host}.rollup(max, §dd)", "service:§w-* AND @http.status_code:[500 TO 599] AND -@§c:§w", "§Id | where TimeGenerated > ago(§d¦h) | summarize count() by bin(TimeGenerated, §dm), §W | order by TimeGenerated desc", "StormEvents | where State == \"§wU\" | project §W, §W | take §dd",
    "index=§w sourcetype=§w_combined status>=500 | stats count by §c | sort -count", "fields @timestamp, @message | filter @message like /§w/ | sort @timestamp desc | limit §dd", "{\"$set\":{\"§c\":\"§w\",\"last_§w\":\"§iso\"},\"$add\":{\"§w\":§n}}", "{\"distinct_id\":\"§tok\",\"properties\":{\"$os\":\"Windows\",\"$browser\":\"Chrome\",\"$current_url\":\"§url\",\"$lib_version\":\"§ver\"}}", "{\"§c\":{\"$gte\":§n,\"$lt\":§n},\"§c\":{\"$in\":[\"§w\",\"§w\"]}}",
    "*[_type == \"§w\" && slug.current == $slug]{§c, \"§w\": §w->title}[0...§dd]", "(§c=§w)and(§c>§n)or not §c", "§c:>=§n §c:<§n sort:§c-desc is:open author:§first", "repo:§brand/§w language:go path:*.go \"func §W\"", "site:§host intitle:\"§w §w\" filetype:pdf -§w", "§w OR §w AND NOT §w", "(§c eq \"§w\" or §c co \"§w\") and active eq true", "fq=§c:(§w OR §w)&q=*:*&rows=§dd&fl=id,§c,score",
    "§c==§w;§c=gt=§n,§c=in=(§w,§w)", "filter[§c][gte]=§n&filter[§c]=§w&include=§w,§w.§w", "!((bvProduct:§Id,bvVersion:'§ver',cl:§Id,type:§w),(bv:§Id,n:!t,v:!n))", "(filters:!((§c:'§w',op:eq)),time:(from:now-§ddd,to:now))", "@§c:{§w|§w} @§c:[§n +inf]", "match (a:§W)-[:§wU]->(b:§W) where a.§c = '§w' return b limit §dd", "g.V().has('§c','§w').out('§w').values('§c').limit(§dd)",
    "FROM logs-* | WHERE §c == \"§w\" | STATS n = COUNT(*) BY §c | LIMIT §dd", "select=§c,§c,§t(§c)&§c=gte.§n&or=(§c.eq.§w,§c.is.null)&order=§c.desc", "§c:\"§w\" and not §c : (§w or §w)", "price>=§n&&price<=§n;color:§color|§color", "§W.§w.(§W|§W)[§d].name",
)


def query(rng):
    """Searches in the languages of search engines, trackers, APIs and dashboards."""
    text = pick(rng, QUERIES)
    draw = rng.random()
    if draw < 0.12:
        return f"{rng.choice(('', prose(rng, 1, 1) + ' '))}The filter is `{text}`" + rng.choice(("", " and it finds " + number(rng), "."))
    if draw < 0.2:
        return text + rng.choice((" AND ", " and ", " or ", "\n", "; ")) + pick(rng, QUERIES)
    if draw < 0.25:
        return text[:rng.randint(8, max(9, len(text)))]  # as somebody types it
    if draw < 0.3:
        return f"{text} {rng.choice(SEARCHED)}"
    return text
