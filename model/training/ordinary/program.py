"""Programs: snippets of many languages, reviews and diffs, scripts of pages, error reports, templates, settings."""

from .words import fill, letters, lines, phrase, pick, prose, sentence, ALNUM

SNIPPETS = {
    "py": ("def §fn1(§id1, §id2=None):\n    \"\"\"§s\"\"\"\n    if not §id1:\n        raise §err(f\"no {§id1!r}\")\n    return [x for x in §id1 if x['§c'] > §n]", "with open('§file') as f:\n    for i, line in enumerate(f):\n        print(f'{i}: {line.strip()}')", "§id1 = {k: v for k, v in §id.items() if v is not None}", "@app.route('/§w/<int:id>', methods=['GET'])\ndef §fn(id):\n    return jsonify(§id.get(id) or {})", "import os, sys\nprint(os.path.join(sys.argv[1], '§file'))", "assert §fn(§n, '§w') == {'§c': §n}, \"§s\"", "lambda x: x['§c'] or §n", "subprocess.run(['§prog', '--§w', §id], check=True)"),
    "js": ("const §id1 = async (§x1) => {\n  const res = await fetch(`/§w/${§x1.id}?§c=${§n}`);\n  if (!res.ok) throw new Error('§w ' + res.status);\n  return res.json();\n};", "document.querySelectorAll('.§w').forEach((el) => el.addEventListener('click', §fn));", "export default function §Id({ §id1 }) {\n  return <div className=\"§w\" onClick={() => §fn(§id1)}>{§id1.§c}</div>;\n}", "§id.map((§x1) => §x1.§c).filter(Boolean).join(', ')", "if (typeof §id1 === 'undefined' || §id1 === null) { §id1 = {}; }", "setTimeout(() => §fn(§n), §n);", "$('#§w').on('change', function () { $(this).val() && §fn(this.value); });", "console.log(`§w: ${JSON.stringify(§id)}`);", "document.getElementById('§w').innerHTML = §id.§c;", "window.location.href = '/§w?next=' + encodeURIComponent(§id);"),
    "ts": ("interface §Id {\n  §c: string;\n  §c?: number | null;\n  §id: Array<§Id>;\n}", "type §Id = '§w' | '§w' | '§w';", "const [§id1, set§Id] = useState<§Id | null>(null);", "export const §id = <T extends object>(x: T): keyof T => §fn(x) as keyof T;", "// @ts-expect-error \"§w\" is not comparable to type '§w' | '§w'\n§fn('§w');"),
    "go": ("func §Id(ctx context.Context, §id1 string) (*§Id, error) {\n\tif §id1 == \"\" {\n\t\treturn nil, fmt.Errorf(\"§w %q: %w\", §id1, Err§Id)\n\t}\n\treturn &§Id{§Id: §n}, nil\n}", "for i := 0; i < len(§id1); i++ {\n\t§id1[i] <<= §d\n}", "if err := §id.Close(); err != nil {\n\tlog.Printf(\"closing: %v\", err)\n}", "type §Id struct {\n\t§W string `json:\"§c,omitempty\"`\n}", "select {\ncase <-ctx.Done():\n\treturn ctx.Err()\ncase §id <- §n:\n}", "exec.Command(\"§prog\", \"--§w\").Run()"),
    "rs": ("pub fn §id1(§id2: &str) -> Result<§Id, Box<dyn Error>> {\n    let §x1: Vec<_> = §id2.split('|').collect();\n    Ok(§Id { §c: §x1.len() as u32 })\n}", "match §id {\n    Some(x) if x > §n => x,\n    _ => §n,\n}", "impl<'a> Iterator for §Id<'a> { type Item = &'a str; }", "let §id: HashMap<String, Option<i64>> = HashMap::new();", "println!(\"{:?} {}\", §id, '§az');", "#[derive(Debug, Clone)]\nenum §Id { §W(String), §W { §c: u8 } }"),
    "java": ("public class §Id {\n    private final Map<String, List<§Id>> §id = new HashMap<>();\n    public static void main(String[] args) {\n        System.out.println(\"§s\");\n    }\n}", "if (§id1 == null || §id1.isEmpty()) {\n    throw new IllegalArgumentException(\"§w must not be empty\");\n}", "@Override\npublic boolean equals(Object o) { return o instanceof §Id && ((§Id) o).id == id; }", "§id.stream().filter(x -> x.get§W() != null).collect(Collectors.toList());", "Runtime.getRuntime().availableProcessors()", "Class<?> type = Class.forName(\"com.§brand.§Id\");"),
    "kt": ("data class §Id(val §c: String, val §c: Int? = null)", "fun §fn(§id1: List<String>) = §id1.filter { it.isNotBlank() }.joinToString(\" | \") { \"$it!\" }", "val §id by lazy { §Id(§n) }", "when (§id) {\n    is §Id -> \"${§id.§c}\"\n    else -> null\n}"),
    "cs": ("public async Task<§Id?> §Id(int id) => await _§id.FirstOrDefaultAsync(x => x.Id == id);", "var §id = $\"{§id} of {total:N2}\";", "[HttpPost(\"§w/{id:int}\")]\npublic IActionResult §W([FromBody] §Id model) => Ok(new { §c = §n });", "using var §id = new StreamReader(@\"C:\\§W\\§file\");", "Process.Start(\"notepad.exe\", §id);"),
    "c": ("#include <stdio.h>\nint main(int argc, char **argv) {\n    for (int i = 0; i < §n; ++i) printf(\"%d\\n\", i & 0x§dd);\n    return 0;\n}", "static inline uint32_t §id(uint32_t x) { return (x << §d) | (x >> (32 - §d)); }", "char *§id = malloc(strlen(§w) + 1);\nif (!§id) { perror(\"malloc\"); exit(EXIT_FAILURE); }", "#define §ID(x) ((x) > §n ? (x) : -(x))", "while (*§x1++ != '\\0');", "system(\"pause\");"),
    "cpp": ("template <typename T>\nstd::vector<T> §id(const std::map<std::string, T>& m) {\n  std::vector<T> out;\n  for (auto&& [k, v] : m) out.push_back(v);\n  return out;\n}", "std::cout << \"§w: \" << §id->§c << std::endl;", "auto §id = [&](auto& x) -> bool { return x.§c >= §n && !x.§w(); };", "std::unique_ptr<§Id> §id{new §Id(§n)};"),
    "php": ("<?php\nnamespace §Brand\\§Id;\n\nclass §Id extends Controller\n{\n    public function §fn(Request $request): array\n    {\n        return ['§c' => $request->input('§c', §n)];\n    }\n}", "foreach ($§id1 as $key => $value) {\n    echo htmlspecialchars($value) . \"\\n\";\n}", "<?php if ( have_posts() ) : while ( have_posts() ) : the_post(); ?>\n<h2><?php the_title(); ?></h2>\n<?php endwhile; endif; ?>", "add_action( 'init', function() { register_post_type( '§w', array( 'public' => true ) ); } );", "$§id = isset($_POST['§c']) ? (int) $_POST['§c'] : §n;", "<?= $this->§id->§c ?? '' ?>", "require_once __DIR__ . '/../vendor/autoload.php';"),
    "rb": ("class §Id < ApplicationRecord\n  has_many :§t, dependent: :destroy\n  validates :§c, presence: true\nend", "§id.each_with_index { |x, i| puts \"#{i}: #{x.§c}\" }", "def §fn(§id = {})\n  §id.fetch(:§c) { §n }\nrescue KeyError => e\n  warn e.message\nend", "task default: [\"test\", \"lint\"] do\n  sh \"§prog --§w\"\nend", "§w = %w[§w §w].map(&:to_sym)", "<%= link_to '§W', §w_path(@§w), class: 'btn' %>"),
    "swift": ("guard let §id1 = §id2 as? [String: Any] else { return nil }", "struct §Id: Codable { let §c: String; var §c: Int? }", "UIView.animate(withDuration: 0.§d) { self.§id.alpha = 1 }", "print(\"\\(§id) \\(§n)\")"),
    "scala": ("case class §Id(§c: String, §c: Option[Int] = None)", "val §id = for { x <- §id; y <- x.§c if y > §n } yield y", "def §fn[A <: §Id](x: A): Either[String, A] = Right(x)"),
    "hs": ("§u :: (Ord a, Show a) => [a] -> Maybe a\n§u [] = Nothing\n§u (x:xs) = Just $ foldr max x xs", "main = do\n  args <- getArgs\n  mapM_ (putStrLn . show) (filter (/= §n) [1..§n])", "instance Functor §W where fmap f (§W a) = §W (f a)"),
    "ex": ("def §fn(%{§c: §x1} = params) when is_binary(§x1) do\n  params |> Map.put(:§c, §n) |> §Id.§fn()\nend", "iex> Enum.map(1..§n, &(&1 * §d))", "with {:ok, x} <- §Id.fetch(§n), do: x.__info__(:functions)"),
    "lua": ("local function §fn(§x1)\n  if not §x1 then return nil, \"no §w\" end\n  for k, v in pairs(§x1) do print(k .. \" = \" .. tostring(v)) end\nend", "§id = §id or {}\n§id[#§id + 1] = { §c = §n }"),
    "pl": ("use strict;\nmy %§w = map { $_ => 1 } grep { /^\\w+$/ } @§w;\nprint \"$_\\n\" for sort keys %§w;", "while (<$fh>) { chomp; my ($a, $b) = split /\\t/; $h{$a}++ if $b =~ m/^§w/i; }"),
    "r": ("§id <- read.csv(\"§file\") |>\n  subset(§c > §n & !is.na(§c))", "ggplot(§id, aes(x = §c, y = §c)) + geom_point() + facet_wrap(~ §c)", "x <- c(§n, §n, §n); x[x > §n & x != §d]"),
    "sh": ("#!/usr/bin/env bash\nset -eu\nfor §x1 in \"$@\"; do\n  [ -d \"$§x1\" ] || { echo \"no $§x1\" >&2; exit 1; }\ndone", "§ID=\"${§ID:-§w}\"\necho \"${§ID%%.*}\"", "case \"$1\" in\n  start) §prog --§w ;;\n  *) echo \"usage: $0 {start|stop}\" ;;\nesac"),
    "ps1": ("param([string]$§W = '§w')\nGet-ChildItem $§W -Filter *.§ext | ForEach-Object { \"$($_.Name): $($_.Length)\" }", "if ($§W -eq $null -or $§W.Count -gt §n) { Write-Host '§s' }"),
    "vb": ("Dim §w As Integer = §n\nIf §w <> §n And §w > §d Then\n  MsgBox \"§s\"\nEnd If", "=IF(AND(A§d>§n,B§d<>\"§w\"),VLOOKUP(A§d,Sheet§d!$A$1:$C$§n,§d,FALSE),\"\")", "=SUMIFS(C:C,A:A,\">=\"&D§d,B:B,\"*§w*\")", "=HYPERLINK(\"§url\",\"§w\")"),
    "clj": ("(defn §u [§x1 & §x2]\n  (->> §x2 (filter #(> (:§c %) §n)) (map :§c) set))", "(let [{:keys [§c]} §w] (when-not (nil? §c) (println §c)))"),
    "sol": ("contract §Id {\n    mapping(address => uint256) public §id;\n    function §fn(uint256 x) external { require(x > §n, \"§w\"); §id[msg.sender] += x; }\n}",),
    "asm": ("mov eax, [ebp+§d]\nxor ecx, ecx\n.loop:\n  add eax, §n\n  cmp ecx, §dd\n  jl .loop\nret",),
    "regex": ("/^[a-z0-9._%+-]+@[a-z0-9.-]+\\.[a-z]{2,§d}$/i", "^(?:\\d{1,3}\\.){3}\\d{1,3}$", "(?<=§w=)[^&;]+", "s/\\b(§w)\\s+(§w)\\b/\\2 \\1/g", "^/(§w|§w)/(\\d+)(?:\\.html)?$", "[^\\x00-\\x7F]{§d,}|\\s*[;,|]\\s*", "(?i)\\b(§w|§w)s?\\b.*?§w", "\\$\\{([^}]+)\\}"),
    "tex": ("\\begin{§w}[ht]\n  \\includegraphics[width=0.§d\\textwidth]{§w}\n  \\caption{§s}\\label{fig:§w}\n\\end{§w}",),
    "vue": ("<template>\n  <x-§w1 v-for=\"(x, i) in §id\" :key=\"i\" :class=\"{ active: i === §n }\" @click=\"§fn(x)\">{{ x.§c }}</x-§w1>\n</template>", "<li *ngFor=\"let x of §id; trackBy: §fn\" [class.§w]=\"x.§c\" (click)=\"§fn(x)\">{{ x.§c | date }}</li>"),
}
COMMENTS = ("// §s", "# §s", "/* §s */", "/**\n * §s\n * @param {string} §id\n */", "-- §s", "; §s", "// TODO(§first): §ph", "# noqa: E501", "<!-- §s -->", "(* §s *)", "rem §s", "{- §s -}", "''' §s '''")
REVIEWS = (
    "nit: can we §v this in `§id`?", "Why `§id1 || {}` here? §s", "LGTM, but `§id == null` should be `===`.", "suggestion:\n```suggestion\n§code\n```", "§s See §url", "This leaks when §id < §n && §id > §n.", "What about:\n\n```§ext\n§code\n```", "I'd rather not use eval(§id) here; JSON.parse is enough.", "Don't catch `Exception`; catch `§err`.", "Isn't this the same as §id1(§id2, §n)?", "Please escape the quotes: '§w' -> \\'§w\\'", "The query in §file:§n builds SQL by hand, could be `§id(?, ?)`.",
    "Unit test for `§id(\"§w's\")` fails: expected '§w', got \"§w\"", "exec() of §prog with shell=True is what the linter dislikes: §file:§n", "-1 for innerHTML, use textContent.", "§code", "s/§w/§w/", "`§id` shadows §file:§n; rename to `_§id`?", "§first: \"it's fine\" -- no, it's O(n^2).", "This `if (§x1 = §n)` should be `==`, shouldn't it?",
)
def snippet(rng, language=None):
    """A piece of one program, its comments included."""
    language = language or rng.choice(sorted(SNIPPETS))
    return "\n".join(lines(rng, SNIPPETS[language], 1, 3))


_EXTRA = {"code": snippet}


def diff(rng):
    """A unified diff: whole, or a hunk of it."""
    name = fill(rng, "§w/§file")
    head = rng.choice((f"diff --git a/{name} b/{name}\nindex {fill(rng, '§hex')[:7]}..{fill(rng, '§hex')[:7]} 100644\n--- a/{name}\n+++ b/{name}\n", f"--- {name}\t{fill(rng, '§iso')}\n+++ {name}\n", "", "", f"Index: {name}\n" + "=" * 67 + "\n"))
    out = []
    for _ in range(rng.choice((1, 1, 2, 3))):
        body = [line for _ in range(rng.randint(1, 3)) for line in (snippet(rng) if rng.random() < 0.8 else pick(rng, COMMENTS)).split("\n")]
        marked = [rng.choices((" ", "+", "-"), (5, 3, 2))[0] + line for line in body]
        minus, plus, start = sum(line[0] != "+" for line in marked), sum(line[0] != "-" for line in marked), rng.randrange(1, 900)
        out.append(f"@@ -{start},{minus} +{start + rng.randrange(5)},{plus} @@{rng.choice(('', '', fill(rng, ' def §fn(self):'), fill(rng, ' func §Id() {')))}\n" + "\n".join(marked))
    return head + "\n".join(out)


def code(rng):
    """Snippets, reviews and diffs."""
    draw = rng.random()
    if draw < 0.45:
        text = snippet(rng)
        return text if rng.random() < 0.6 else pick(rng, COMMENTS) + "\n" + text
    if draw < 0.7:
        return " ".join(pick(rng, REVIEWS, **_EXTRA) for _ in range(rng.choice((1, 1, 2))))
    if draw < 0.93:
        return diff(rng)
    return f"{prose(rng, 1, 2)}\n\n```{rng.choice(sorted(SNIPPETS))}\n{snippet(rng)}\n```\n{prose(rng, 0, 1)}"


MINIFIED = (
    "!function(§az,§az){§az[§az]=§az[§az]||[]}(window,\"§id\");", "var §az1=§az||{};§az1.§u=function(t){return t>§n?t:-t};", "(function(){var e=window.§id=window.§id||[];if(!e.initialize){e.§u=!0;e.push([\"§w\",§n])}})();", "function(e){return e.§u===§n&&\"§w\"!==e.§u?e.§u():null}", "t.exports=function(e,n){for(var r=0;r<n.length;r++)e[n[r].key]=n[r].value};", "const{§az:§az1,§az:§az2}=e;return §az1&&§az2?`${§az1}-${§az2}`:\"\";",
    "window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments);}gtag('js',new Date());gtag('config','G-§AZ§AZ§nn');", "(function(w,d,s,l,i){w[l]=w[l]||[];w[l].push({'gtm.start':new Date().getTime(),event:'gtm.js'});var f=d.getElementsByTagName(s)[0],j=d.createElement(s);j.async=true;f.parentNode.insertBefore(j,f);})(window,document,'script','dataLayer','GTM-§AZ§AZ§dd§AZ');", "_§u.push(['_set§W','§tok']);_§u.push(['_track§W']);", "try{§u.§u(\"§w\",{§u:§n})}catch(e){console&&console.warn(e)}",
    "e=>e.§u&&e.§u", "()=>{§u(§n)}", "a?b:c||d&&e", "n.d(t,\"§az\",(function(){return §az}));", "if(\"§w\"in §az&&void 0!==§az.§w)return!1;", "§az.prototype.§u=function(){this.§u=[],this.§u=null};", "Object.defineProperty(t,\"__esModule\",{value:!0});", "new(window.Image||Image)().src=\"https://§host/p.gif?r=\"+Math.random();", "callback_§n({\"§w\":§n,\"§w\":\"§w\"})", "/**/jQuery§nn_§ms({\"§w\":[]});", "fbq('track','§W',{value:§f,currency:'USD'});", "§id.§fn('§w',§n);", "s.t();s.eVar§dd=\"§w|§w\";", "document.cookie=\"§w=§n; path=/\";",
    "//# sourceMappingURL=§w.min.js.map", "{\"version\":3,\"sources\":[\"webpack:///./src/§w.js\",\"webpack:///(webpack)/§w\"],\"names\":[\"§id\",\"§id\"],\"mappings\":\"AA§AZA,§AZA§AZE,GAAG;;EACC,C§AZAD\"}", "javascript:void(0)", "javascript:;", "javascript:void(0);", "function(){t===§id.W.§w?l(v.K.§w):u(k.By.§w)}", "$(this).closest('.§w').find('a').attr('href')", "return(0,§az.jsx)(\"div\",{className:\"§w\",children:§az})", "l(§n)+\"px\"!==§u?§u[§n]:\"\"", "\"use strict\";(self.webpackChunk=self.webpackChunk||[]).push([[§n],{§n:(e,t,n)=>{n.r(t)}}]);",
)
TRACES = (
    "§err: Cannot read properties of undefined (reading '§id')\n    at §id (https://§host/§w.§hex.js:1:§n)\n    at Array.map (<anonymous>)\n    at new Promise (<anonymous>)\n    at https://§host§path/§w.min.js?v=§n:§dd:§n", "Uncaught §err: §id is not defined at §url:§n:§dd", "§err: Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON", "Script error.", "ResizeObserver loop completed with undelivered notifications.", "ChunkLoadError: Loading chunk §n failed.\n(error: https://§host/§n.§hex.js)", "Failed to fetch dynamically imported module: §url", "Refused to load the script '§url' because it violates the following Content Security Policy directive: \"script-src 'self' 'unsafe-inline'\".",
    "SecurityError: Failed to read the 'localStorage' property from 'Window': Access is denied for this document.", "§fn@https://§host/§w.js:§n:§n\nO/</§az<@https://§host/§w.js:2:§n\n@§url line §n > eval:1:1\ndispatch@[native code]", "<anonymous>:1:§n\n    at eval (eval at <anonymous> (https://§host/§w.js:§n:§n), <anonymous>:1:1)", "Traceback (most recent call last):\n  File \"/srv/§w/§base.py\", line §n, in <module>\n    §fn(§id)\n  File \"/usr/lib/python3.§d/site-packages/§w/__init__.py\", line §n, in §fn\n    raise §err(\"'§w' is not §adj\")\n§err: '§w' is not §adj",
    "java.lang.§err: Cannot invoke \"String.length()\" because \"<local§d>\" is null\n\tat com.§brand.§Id.§fn(§Id.java:§n)\n\tat com.§brand.§Id$1.run(§Id.java:§n)\n\tat java.base/java.lang.Thread.run(Thread.java:§n)\nCaused by: java.io.IOException: §w\n\t... §dd more", "PHP Fatal error:  Uncaught §err: Call to undefined function §id() in /var/www/html/§w/§base.php:§n\nStack trace:\n#0 /var/www/html/index.php(§n): require()\n#1 {main}\n  thrown in /var/www/html/§w/§base.php on line §n", "panic: runtime error: index out of range [§n] with length §d\n\ngoroutine 1 [running]:\nmain.§id(0xc0000§hex)\n\t/app/§base.go:§n +0x§dd", "thread 'main' panicked at 'called `Option::unwrap()` on a `None` value', src/§base.rs:§n:§dd",
    "   at §Brand.§Id.§Id(String §w) in C:\\src\\§Id.cs:line §n\n   at System.Threading.Tasks.Task.Execute()", "undefined method `§id' for nil:NilClass (NoMethodError)\n\tfrom app/§w.rb:§n:in `block in §id'", "InvalidAccessError: §s", "Minified React error #§n; visit https://reactjs.org/docs/error-decoder.html?invariant=§n for the full message", "Non-Error promise rejection captured with keys: code, message", "NS_ERROR_FAILURE: §id@https://§host/§w.js:§n", "[§W] Failed \"§id\": net::ERR_BLOCKED_BY_CLIENT §url",
)
def script(rng):
    """Minified scripts, calls and stack traces, as parameters of error reports and tag managers carry them."""
    draw = rng.random()
    if draw < 0.55:
        return rng.choice(("", "", ";", "\n")).join(lines(rng, MINIFIED, 1, rng.choice((1, 2, 6))))
    if draw < 0.93:
        return pick(rng, TRACES)
    return fill(rng, "{\"msg\":") + quoted(pick(rng, TRACES)) + fill(rng, ",\"url\":\"§url\",\"line\":§n,\"col\":§n,\"ua\":\"§agent\"}")


def quoted(text):
    """A text as a JSON string."""
    import json
    return json.dumps(text)


MACROS = ("{{§macro}}", "{{ §macro }}", "{§macro}", "${§MACRO}", "%%§MACRO%%", "[§macro]", "__§MACRO__", "{{{§macro}}}", "[[§macro]]", "#{§macro}", "@§macro@", "$§MACRO", "%§macro%", "<§macro>", "{{§macro.§c}}", "*|§MACRO|*", "[%§macro%]", "{$§macro}", "<%= §macro %>", "$!{§macro}", "{{ §macro | default: '§w' }}", "{% if §macro %}§w{% endif %}", "%%=v(@§macro)=%%", "${§MACRO:B64}", "#§macro#", "##§MACRO##", "{!Contact.§W}", "$UID", "%7B§macro%7D", "%7B%7B§macro%7D%7D", "$[§macro]", "(§macro)", ":§macro", "{{params.§macro}}", "{{site.§macro}}", "{@§macro}", "{0}", "{{§d}}", "%s", "%(§macro)s", "~§macro~")
TEMPLATES = (
    "Dear {{first_name}},\n\n§s\n\nYour {{§macro}} from {{ §macro }}.\n\n{{#if §macro}}§s{{else}}§s{{/if}}", "{% for §x1 in §t %}\n  <li>{{ §x1.§c | escape }}</li>\n{% endfor %}", "{{#each §t}}<td>{{this.§c}}</td>{{/each}}", "Hello *|FNAME|*, §s *|UNSUB|*", "<% @§t.each do |§x1| %>\n  <p><%= §x1.§c %></p>\n<% end %>", "{{ §w | date: \"%Y-%m-%d\" }} {{ §w | times: §n }} {{ 'now' | date: '%s' }}", "{%- set §id = §n -%}{{ §id }}", "{{> header title=\"§w\"}}{{{body}}}{{> footer}}", "Hi ${user.firstName}, your order #${order.id} is ${order.status}.", "§macro={{§macro}}&§macro=${§MACRO}&cb=%%CACHEBUSTER%%",
    "https://§host/c?§macro={§macro}&kw={keyword}&m={matchtype}&n={network}&d={device}&ap={adposition}", "https://§host/click?pid=__PID__&ts=__TS__&os=__OS__&cb={{§macro}}", "{lpurl}?utm_source=§brand&utm_term={keyword:§w}&utm_content={creative}", "https://§host/t?p=${AUCTION_PRICE}&id=${AUCTION_ID}&imp=${AUCTION_IMP_ID}", "<#if §id??>${§id.§c!\"-\"}<#else>§s</#if>", "Ihr Code: {{code}} -- gültig bis {{date}}", "@foreach($§t as $§x1)\n  {{ $§x1->§c }}\n@endforeach", "{{#§w}}{{§c}}{{/§w}}{{^§w}}§s{{/§w}}", "[#§macro]§w[/§macro] {if $§w eq '§w'}§w{/if}",
    "$google_§macro={{§macro}};$§w=__§MACRO__", "#google=__EF§MACRO__&surfer=__EF§MACRO__", "{{ include \"§w.fullname\" . }}-{{ .Release.Name | trunc §dd }}", "{{- range .Values.§t }}\n- name: {{ .§c | quote }}\n{{- end }}", "${{ secrets.§ID }} ${{ github.event.pull_request.number }}", "Use `{{ §w }}` in Jinja, `${§w}` in JS, `<%= §w %>` in ERB and `#{§w}` in Ruby: §s", "{{ 'templates.§w.§c' | t: name: §w.§c }}", "%recipient.§c% %recipient_email%", "{__('§W')} {l s='§w' mod='§w'}", "<tal:block tal:content=\"§w/§c\" />", "{\"text\":\"{{ trigger.§w }}\",\"value\":\"{{steps.§w.§c}}\"}", "<xsl:value-of select=\"§w/§c\"/> <xsl:if test=\"§w &gt; §n\">§w</xsl:if>",
)
def template(rng):
    """Macros that nobody expanded, form letters, templates."""
    extra = {"MACRO": lambda r: fill(r, "§macro").upper()}
    draw = rng.random()
    if draw < 0.45:
        out = [pick(rng, MACROS, **extra) for _ in range(rng.choice((1, 1, 2, 4)))]
        text = rng.choice(("", "-", "_", "/", "|", ";", " ", "&")).join(out)
        return text if rng.random() < 0.45 else phrase(rng) + rng.choice((" ", "-", "=", ": ", "_", "/")) + text + rng.choice(("", " " + phrase(rng), fill(rng, "_§n"), fill(rng, ".§host")))
    return "\n".join(pick(rng, TEMPLATES, **extra) for _ in range(rng.choice((1, 1, 1, 2))))


SETTINGS = (
    "§id:\n  §w: §n\n  §w:\n    - §w\n    - \"§w:§ver\"\n  §w: ${§ID:-§w}", "version: \"3.§d\"\nservices:\n  §w:\n    image: §brand/§w:§ver\n    ports: [\"§n:80\"]\n    environment:\n      §ID: \"§w\"\n    command: [\"sh\", \"-c\", \"exec §w --§w\"]", "[§w]\n§c = §n\n§c = \"§w\"\n; §s", "[package]\nname = \"§w\"\nversion = \"§ver\"\n\n[dependencies]\n§w = { version = \"^§ver\", features = [\"§w\"] }", "server {\n    listen 443 ssl http2;\n    server_name §host;\n    location ~ ^/§w/(\\d+)$ {\n        proxy_pass http://127.0.0.1:§n;\n        proxy_set_header Host $host;\n    }\n}",
    "location / { try_files $uri $uri/ /index.php?$query_string; }", "RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^§w/(.*)$ /§w.php?§c=$1 [L,QSA]", "resource \"aws_§w\" \"§w\" {\n  name = \"${var.§id}-§w\"\n  tags = { Name = \"§w\" }\n}", "FROM §w:§ver-alpine\nWORKDIR /app\nCOPY . .\nRUN apk add --no-cache §prog && §prog --version\nEXPOSE §n\nCMD [\"./§w\"]", "§ID=§w\n§ID=§n\n§ID=https://§host§path\n# §s", "on:\n  push:\n    branches: [main]\njobs:\n  §w:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - run: §prog run §w\n        env:\n          §ID: ${{ secrets.§ID }}\n        if: ${{ github.ref == 'refs/heads/main' }}",
    "{{- if .Values.§w.enabled }}\napiVersion: v1\nkind: Service\nmetadata:\n  name: {{ include \"§w\" . }}\n{{- end }}", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: §w, labels: {app: §w}}\nspec:\n  replicas: §d", "default-src 'self'; script-src 'self' 'unsafe-inline' https://§host; img-src * data: blob:; report-uri /§w", "default-src 'none'; frame-ancestors 'self' https://*.§brand.com; connect-src wss://§host https://*.§host:443 'unsafe-eval'", "User-agent: *\nDisallow: /§w/\nAllow: /§w/*.§ext$\nSitemap: https://§host/sitemap.xml", "§host {\n\treverse_proxy /§w/* localhost:§n\n\tencode gzip\n}", "max-age=§n; includeSubDomains; preload", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
    "{\"compilerOptions\":{\"target\":\"es20§dd\",\"paths\":{\"@/*\":[\"./src/*\"]}},\"exclude\":[\"**/*.spec.ts\"]}", "*.§ext\n!§file\n/§w/**\n**/§w/*.log", "Host §w\n  HostName §ip\n  User §w\n  LocalForward §n localhost:§n", ">=§ver <§ver || ^§d.§d", "log_format main '$remote_addr - $remote_user [$time_local] \"$request\" $status';", "set §w \"§w\"; if ($http_§w ~* \"(§w|§w)\") { return 301 https://§host$request_uri; }", "<VirtualHost *:80>\n  ServerName §host\n  DocumentRoot \"/var/www/§w\"\n  <Directory />\n    Require all granted\n  </Directory>\n</VirtualHost>", "Windows Registry Editor Version 5.00\n\n[HKEY_CURRENT_USER\\Software\\§Brand\\§W]\n\"§W\"=dword:0000§dd", "{ pkgs ? import <nixpkgs> {} }: pkgs.mkShell { buildInputs = [ pkgs.§w ]; }",
    "input { beats { port => §n } } filter { grok { match => { \"message\" => \"%{IP:client} %{WORD:method}\" } } }", "alert: §Id\nexpr: rate(§w_total[§dm]) > §f\nfor: §ddm\nannotations:\n  summary: \"{{ $labels.§w }} is {{ $value }}\"", "iptables -A INPUT -p tcp --dport §n -j ACCEPT", "network:\n  ethernets:\n    eth§d:\n      addresses: [§ip/24]", "§w.§c=§n\n§w.§c=§w\\:§w\n§w.url=jdbc:postgresql://§host:5432/§w?ssl=true&currentSchema=§w", "Server=§host;Database=§W;Trusted_Connection=True;MultipleActiveResultSets=true", "mongodb+srv://§host/§w?retryWrites=true&w=majority",
)
def config(rng):
    """Settings of servers, builds and programs."""
    text = "\n".join(lines(rng, SETTINGS, 1, rng.choice((1, 1, 2))))
    draw = rng.random()
    if draw < 0.2:
        return f"{sentence(rng)}\n\n```{rng.choice(('', 'yaml', 'ini', 'nginx', 'toml', 'hcl'))}\n{text}\n```\n{prose(rng, 0, 1)}"
    return text if draw < 0.8 else f"# {sentence(rng)}\n{text}"
