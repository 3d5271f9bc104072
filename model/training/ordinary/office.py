"""Whole requests of people at work: editors, wikis, settings and scripts pasted into forms, translations, sign-on, hooks, batches."""

import base64
import json
import re
import urllib.parse
import zlib

from . import beacon, database, document, languages, markup, program, shapes, shell, writing
from .message import browser, dump, get, multipart, post, quote
from .words import HEX, fill, letters, lines, number, phrase, pick, prose, sentence

FORM = "application/x-www-form-urlencoded"
CONFIGS = (
    ("[§w]\n§c = §w\n§c=\"§ph\"\n; §s\n§w_dir = ${HOME}/§w\n[§w.§w]\n§c = %(§c)s/§w\n§c[] = §n\n", "ini"), ("§w:\n  §c: &§u\n    §c: §w\n    <<: *§u\n  §w: !Ref §Id\n  §w: !Sub \"arn:${AWS::Partition}:s3:::${§Id}/*\"\n  - §w: '§w'\n  §c: |\n    §w §w\n    §s\n", "yaml"), ("[package]\n§c = \"§w\"\nversion = \"§ver\"\n[[§w]]\n§c = { version = \"§d\", features = [\"§w\"] }\n§c = '''§w\n'''\n", "toml"),
    ("server {\n  listen 443 ssl;\n  server_name §host;\n  location ~ \\.(§w|css)$ { try_files $uri $uri/ /index.php?$args; }\n  location ^~ /§w { proxy_pass http://§w:8080; proxy_set_header X-Real-IP $remote_addr; rewrite ^/(.*)$ /$1 break; }\n  if ($http_user_agent ~* (§w|bot)) { return 403; }\n  add_header X-§W \"1; mode=block\" always;\n}\n", "conf"),
    ("FROM §w:§ver AS §w\nARG §ID=§w\nENV PATH=/opt/§w/bin:$PATH\nRUN apt-get update && apt-get install -y --no-install-recommends §w \\\n    && rm -rf /var/lib/apt/lists/*\nCOPY --from=§w /app/§w ./\nHEALTHCHECK CMD curl -f http://localhost:§n/ || exit 1\nENTRYPOINT [\"/§w\", \"--§c=${§ID}\"]\n", "Dockerfile"),
    ("on:\n  push:\n    branches: [ §w, '§w/**' ]\njobs:\n  §w:\n    runs-on: ubuntu-latest\n    if: ${{ github.event_name == 'push' && !contains(github.ref, '§w') }}\n    steps:\n      - uses: actions/checkout@v4\n      - run: |\n          §w --token ${{ secrets.§ID }} >> $GITHUB_OUTPUT\n          echo \"§c=$(§w §w)\" >> \"$GITHUB_ENV\"\n", "yml"), ("stages: [§w, §w]\n§w:\n  script:\n    - §w install\n    - if [ \"$CI_COMMIT_BRANCH\" == \"§w\" ]; then §w deploy; fi\n  rules:\n    - if: '$CI_PIPELINE_SOURCE == \"§w\"'\n  cache: {key: \"$CI_COMMIT_REF_SLUG\", paths: [§w/]}\n", "yml"),
    ("services:\n  §w:\n    image: \"§brand/§w:${TAG:-§ver}\"\n    command: [\"--§c\", \"§w\"]\n    environment:\n      - §ID=${§ID:?§s}\n    ports: ['§n:§n']\n    volumes: [\"./§w:/etc/§w:ro\"]\n    healthcheck: {test: [\"CMD-SHELL\", \"§w -U $$§ID || exit 1\"]}\n", "yaml"), ("apiVersion: v1\nkind: §Id\nmetadata:\n  name: {{ include \"§w.fullname\" . }}\n  labels: {{- include \"§w.labels\" . | nindent 4 }}\nspec:\n  replicas: {{ .Values.§id }}\n  {{- if .Values.§w.enabled }}\n  args: [\"/bin/§w\", \"-c\", \"§w\"]\n  {{- end }}\n", "yaml"),
    ("resource \"§w_§w\" \"§w\" {\n  §c = var.§c\n  §w = \"${local.§w}-${count.index}\"\n  dynamic \"§w\" { for_each = toset([for k, v in var.§w : k if v != null]) content { §c = §w.value } }\n  lifecycle { ignore_changes = [tags[\"§w\"]] }\n}\n", "tf"), ("- hosts: §w\n  become: yes\n  vars: {§c: \"{{ lookup('env', '§ID') | default('§w', true) }}\"}\n  tasks:\n    - name: §ph\n      template: src=§w.j2 dest=/etc/§w/§w.conf mode=0644\n      when: ansible_os_family == \"§W\" and §c is defined\n      with_items: \"{{ groups['§w'] | map('extract', hostvars) | list }}\"\n", "yml"),
    ("§ID=§w\n§ID=\"postgres://§w:§w@§w:5432/§w?sslmode=disable\"\nexport §ID='§ph'\n# §s\n§ID=${§ID}/§w\n", "env"), ("RewriteEngine On\nRewriteCond %{HTTP_HOST} ^§brand\\.com$ [NC,OR]\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^§w/(.*)$ /§w.php?§c=$1 [L,QSA,R=301]\n<FilesMatch \"\\.(ini|log)$\">\n  Require all denied\n</FilesMatch>\nHeader set X-§W \"%{§ID}e\" env=§ID\n", "htaccess"), ("User-agent: *\nDisallow: /§w/*?§c=\nDisallow: /*.§ext$\nAllow: /§w/\nSitemap: https://§host/§w.xml\n", "txt"), ("log4j.rootLogger=INFO, §w\nlog4j.appender.§w=org.apache.log4j.§Id\nlog4j.appender.§w.layout.ConversionPattern=%d{ISO8601} %-5p [%t] %c{2}: %m%n\n§brand.§w=${§brand.§c:§w}\nspring.datasource.url=jdbc:mysql://§w:3306/§w?useSSL=false&serverTimezone=UTC\n", "properties"), ("<configuration>\n  <appSettings><add key=\"§W:§c\" value=\"§w\"/></appSettings>\n  <logger name=\"com.§brand\" level=\"${LEVEL:-INFO}\"/>\n  <pattern>%d{HH:mm:ss} [%thread] %-5level %logger{36} - %msg%n</pattern>\n</configuration>\n", "xml"),
    ("pipeline {\n  agent { label '§w' }\n  environment { §ID = credentials('§w') }\n  stages { stage('§W') { steps { sh \"§w -D§c=${params.§id} §w\" } } }\n  post { always { junit '**/§w/*.xml' } }\n}\n", "groovy"), ("§w: §w.o §w.o\n\t$(CC) $(CFLAGS) -o $@ $^\n.PHONY: §w\n§ID := $(shell §w --§w)\nifeq ($(§ID),§w)\n\t@echo \"§w $(@D)\"\nendif\n", "make"), ("[Unit]\nDescription=§ph\nAfter=network.target\n[Service]\nExecStart=/usr/bin/§w --config /etc/§w/%i.conf $§ID\nExecStartPre=-/bin/mkdir -p /run/§w\nRestart=on-failure\n[Install]\nWantedBy=multi-user.target\n", "service"), ("§dd §d * * 1-5 /usr/local/bin/§w --§w > /var/log/§w.log 2>&1\n@daily §w test -x /usr/sbin/§w && /usr/sbin/§w --§c\n", "cron"), ("Host §w-*\n  HostName %h.§host\n  User §w\n  ProxyCommand ssh -W %h:%p §w\n  IdentityFile ~/.ssh/id_§w\n", "ssh"), ("§c {\n  reverse_proxy §w:§n {\n    header_up X-Forwarded-Proto {scheme}\n    health_uri /§w\n  }\n  @§w path_regexp ^/(§w|§w)/\n  respond @§w \"{http.request.uri}\" 200\n}\n", "caddy"), ("frontend §w\n  bind *:443 ssl crt /etc/§w.pem\n  acl is_§w path_beg -i /§w\n  http-request set-header X-§W %[src]\n  use_backend §w if is_§w !{ hdr(host) -i §host }\n", "cfg"), ("{\n  // §s\n  \"extends\": [\"§w:recommended\"],\n  \"§c\": { \"§w\": [\"error\", { \"allow\": [\"^_\", \"${§w}\"] }], },\n  \"paths\": { \"@/*\": [\"./src/*\"] }\n}\n", "jsonc"),
)
WIKI = ("h2. §ph\n\n{panel:title=§W|borderStyle=dashed|bgColor=§rgb}\n* [§ph|https://§host/browse/§wU-§n]\n** §s\n{panel}\n||§W||§W||\n|§w|{color:red}§n{color}|\n{code:java|title=§Id.java}\nif (§id != null && §id > §d) { §fn(\"§w\"); }\n{code}\n", "{noformat}\n$ §w --§c §w | §w\n§s\n{noformat}\n[~§first] please see !§w.png|thumbnail! and {{§w_§c}} :(\n----\nbq. §s\n", "<p>§s</p><ac:structured-macro ac:name=\"code\" ac:schema-version=\"1\"><ac:parameter ac:name=\"language\">§w</ac:parameter><ac:plain-text-body><![CDATA[§fn(§d);\n]]></ac:plain-text-body></ac:structured-macro>", "<ac:link><ri:user ri:userkey=\"§hex\"/></ac:link><ac:image><ri:attachment ri:filename=\"§w.png\"/></ac:image><table><tbody><tr><th>§W</th><td>§s</td></tr></tbody></table>", "{{Infobox §w\n| §c = §ph\n| §w = {{nowrap|§n §w}}\n}}\n'''§W''' is a [[§w|§w]].<ref name=\"§w\">{{cite web|url=https://§host/|title=§ph}}</ref>\n== §W ==\n{| class=\"wikitable\"\n! §W !! §W\n|-\n| §w || §n\n|}\n[[Category:§W]]\n", "====== §W ======\n  * **§w** //§w// ''§w''\n<file bash §w.sh>\n§w §w\n</file>\n{{:§w:§w.png?§n|§w}}\n", "[quote=\"§first, post:§d\"]\n§s\n[/quote]\n[b]§w[/b] [url=https://§host/]§ph[/url] [code]§id = §n;[/code] [img]§url[/img] :-)", "§W\n=====\n.. code-block:: §w\n   :linenos:\n\n   §fn(§id)\n\n:ref:`§w` ``§w``\n.. |§w| replace:: §ph\n", "= §W\n:toc: left\n[source,§w]\n----\n§id = ${§c}\n----\n<<§w,§ph>> {§c} `§w` +§w+\nNOTE: §s\n", "* TODO §ph :§w:\n:PROPERTIES:\n:ID: §uuid\n:END:\n#+BEGIN_SRC §w\n§fn(§n)\n#+END_SRC\n[[https://§host][§w]]\n", "\\section{§W}\n\\begin{equation}\n  §x = \\frac{§n}{§d} \\sum_{i=1}^{n} §x_i \\leq \\$§n\n\\end{equation}\n\\cite{§last§Y} % §s\n")
BLOCKS = ("<!-- wp:§w {\"§c\":\"§w\",\"style\":{\"color\":{\"background\":\"§rgb\"}}} -->\n<div class=\"wp-block-§w has-§w-color\"><p>§s</p></div>\n<!-- /wp:§w -->", "<!-- wp:image {\"id\":§n,\"sizeSlug\":\"large\"} -->\n<figure class=\"wp-block-image\"><img src=\"§url\" alt=\"§ph\" class=\"wp-image-§n\"/></figure>\n<!-- /wp:image -->", "[§w_row][§w_column width=\"1/§d\" css=\".vc_custom_§ms{padding-top: §dd¦px !important;}\"]§s[/§w_column][/§w_row]", "[contact-form-7 id=\"§n\" title=\"§ph\"]", "<!-- wp:shortcode -->[§w §c=\"§n\" §w='§w']<!-- /wp:shortcode -->", "{% comment %}§s{% endcomment %}{{ §w.§c | img_url: '§n¦x' }}{% for §x in §w.§t %}<li>{{ §x.§c }}</li>{% endfor %}", "{{widget type=\"Magento\\Cms\\Block\\Widget\\Block\" template=\"widget/§w/default.phtml\" block_id=\"§n\"}}", "{block name='§w'}{$§w->§c|escape:'html':'UTF-8'}{/block}", "<style type=\"text/css\">#html-body [data-pb-style=§u]{justify-content:flex-start;display:flex}</style><div data-content-type=\"row\" data-appearance=\"§w\" data-background-images=\"{\\&quot;desktop_image\\&quot;:\\&quot;{{media url=§w/§w.jpg}}\\&quot;}\">§s</div>", "<p style=\"text-align:center;\"><strong>§ph</strong>&nbsp;<a href=\"§url\" target=\"_blank\" rel=\"noopener noreferrer\">§w</a></p><ul><li>§s</li></ul>", "<table cellpadding=\"0\" style=\"mso-table-lspace:0pt\"><tr><td bgcolor=\"§rgb\"><!--[if mso]><v:rect><![endif]-->*|FNAME|* §s <a href=\"%%unsubscribe%%\">§w</a></td></tr></table>", "<h2 class=\"ql-align-center\">§ph</h2><pre class=\"ql-syntax\" spellcheck=\"false\">§id = §n;\n</pre>")


def config_text(rng):
    """One file of settings, its stanzas repeated, or two after each other."""
    text = "".join(fill(rng, template) for template, _ in (rng.choice(CONFIGS) for _ in range(rng.choice((1, 1, 2)))))
    return text if rng.random() < 0.8 else fill(rng, "§s\n\n") + text


def wiki_text(rng):
    return rng.choice(("\n", "\n\n")).join(lines(rng, WIKI, 1, 4))


def block_text(rng):
    return rng.choice(("\n\n", "", "\n")).join(lines(rng, BLOCKS, 1, 6))


def settings(rng):
    """Settings files pasted into a form, sent to an API, or committed through one."""
    text = config_text(rng)
    draw = rng.random()
    if draw < 0.3:
        return post(rng, fill(rng, rng.choice(("/paste", "/admin/§w/config", "/§w/edit", "/configSubmit", "/job/§w/configSubmit"))), FORM, f"{fill(rng, rng.choice(('content', 'config', '§c', 'text', 'code', 'body')))}={quote(text if rng.random() < 0.5 else text.replace(chr(10), chr(13) + chr(10)), rng)}&{fill(rng, '§u=§hex&§c=§w')}")
    if draw < 0.45:
        return post(rng, fill(rng, "/§w/validate"), rng.choice(("text/plain", "application/yaml", "application/toml", "text/x-yaml", "application/octet-stream")), text, rng.choice(("POST", "PUT")))
    if draw < 0.55:
        return multipart(rng, fill(rng, "/upload/§w"), [("file", fill(rng, "§w.") + rng.choice(CONFIGS)[1], "application/octet-stream", text), ("note", None, None, sentence(rng))])
    node = rng.choice(({"content": base64.b64encode(text.encode()).decode(), "message": sentence(rng), "branch": "main"}, {"branch": "main", "commit_message": sentence(rng), "actions": [{"action": "update", "file_path": fill(rng, "§w/§w.yml"), "content": text}]}, {"files": {fill(rng, "§w.conf"): {"content": text}}, "public": False}, {"value": text, "name": fill(rng, "§c")}, {"spec": {"data": {fill(rng, "§w.yaml"): text}}}))
    return post(rng, fill(rng, rng.choice(("/api/v4/projects/§n/repository/commits", "/repos/§w/§w/contents/§w.yml", "/gists", "/api/v1/configmaps/§w", "/snippets"))), "application/json", dump(rng, node), rng.choice(("POST", "PUT")))


def wiki(rng):
    """Pages and comments in the markup of wikis, trackers and forums, and documents as trees."""
    text = wiki_text(rng)
    draw = rng.random()
    if draw < 0.25:
        return post(rng, fill(rng, rng.choice(("/pages/doeditpage.action?pageId=§n", "/index.php?title=§W&action=submit", "/posting.php?mode=reply&t=§n", "/secure/EditAction!default.jspa"))), FORM, f"{rng.choice(('wpTextbox1', 'message', 'comment', 'wysiwygContent', 'description', 'raw'))}={quote(text, rng)}&{fill(rng, 'atl_token=§tok&wpSummary=')}{quote(sentence(rng), rng)}")
    if draw < 0.65:
        node = rng.choice(({"body": text}, {"fields": {"project": {"key": fill(rng, "§wU")}, "summary": phrase(rng), "description": text, "customfield_10014": fill(rng, "§wU-§d"), "labels": [fill(rng, "§w")]}}, {"version": {"number": 3}, "title": phrase(rng), "type": "page", "body": {"storage": {"value": text, "representation": "storage"}}}, {"raw": text, "topic_id": 7}, {"update": {"comment": [{"add": {"body": text}}]}}))
    else:
        node = {"doc": {"version": 1, "type": "doc", "content": [rng.choice(({"type": "paragraph", "content": [{"type": "text", "text": sentence(rng), "marks": [{"type": rng.choice(("code", "strong", "em"))}]}, {"type": "inlineCard", "attrs": {"url": fill(rng, "§url")}}]}, {"type": "codeBlock", "attrs": {"language": "sql"}, "content": [{"type": "text", "text": rng.choice((shapes.minified(rng), config_text(rng)))[:900]}]}, {"insert": sentence(rng) + "\n", "attributes": {"link": fill(rng, "§url")}}, {"type": "mention", "attrs": {"id": fill(rng, "§n:§uuid"), "text": "@" + fill(rng, "§full")}})) for _ in range(rng.randint(1, 7))]}}
    return post(rng, fill(rng, rng.choice(("/rest/api/2/issue", "/rest/api/3/issue/§wU-§n/comment", "/rest/api/content/§n", "/wiki/api/v2/pages", "/posts.json"))), "application/json", dump(rng, node), rng.choice(("POST", "PUT")))


def editor(rng):
    """Block editors, page builders and mail templates saving what they hold."""
    text = block_text(rng)
    draw = rng.random()
    if draw < 0.3:
        return post(rng, fill(rng, rng.choice(("/wp-json/wp/v2/pages/§n?_locale=user", "/wp-json/wp/v2/posts/§n/autosaves?_locale=user", "/admin/api/§Y-0§d/themes/§n/assets.json", "/3.0/templates/§n"))), "application/json", dump(rng, rng.choice(({"id": 7, "content": text, "title": phrase(rng)}, {"asset": {"key": fill(rng, "sections/§w.liquid"), "value": text}}, {"name": phrase(rng), "html": text, "subject": fill(rng, "{{first_name}}, §s")}))))
    if draw < 0.55:
        tree = [{"id": letters(rng, HEX, 7), "elType": rng.choice(("section", "widget", "column")), "settings": {fill(rng, "§c"): rng.choice((text[:500], fill(rng, "§rgb"), {"unit": "px", "size": rng.randrange(99), "sizes": []}, fill(rng, "[elementor-tag id=\"§hex\" name=\"post-§w\" settings=\"%7B%22key%22%3A%22§w%22%7D\"]"))), "_css": fill(rng, "selector .§w > a:hover{color:§rgb}")}, "elements": []} for _ in range(rng.randint(1, 5))]
        return post(rng, "/wp-admin/admin-ajax.php", FORM + "; charset=UTF-8", "actions=" + quote(dump(rng, {"save_builder": {"action": "save_builder", "data": {"status": "autosave", "elements": tree}}}), rng) + fill(rng, "&_nonce=§hex&editor_post_id=§n&action=§w_ajax"))
    if draw < 0.75:
        node = {"time": rng.randrange(10 ** 12, 2 * 10 ** 12), "blocks": [rng.choice(({"type": "paragraph", "data": {"text": sentence(rng) + fill(rng, " <a href=\"§url\">§w</a>&nbsp;<code class=\"inline-code\">§id</code>")}}, {"type": "raw", "data": {"html": text}}, {"type": "code", "data": {"code": shapes.minified(rng)[:700]}}, {"_type": "block", "_key": letters(rng, HEX, 12), "children": [{"_type": "span", "marks": ["em"], "text": phrase(rng)}]}, {"key": letters(rng, HEX, 5), "text": sentence(rng), "type": "unstyled", "inlineStyleRanges": [{"offset": 0, "length": 4, "style": "BOLD"}], "entityRanges": []})) for _ in range(rng.randint(1, 8))], "version": "2.§d".replace("§d", number(rng))}
        return post(rng, fill(rng, rng.choice(("/api/§w/§n", "/v2021-03-25/data/mutate/§w", "/admin/§w/save"))), "application/json", dump(rng, rng.choice((node, {"content": dump(rng, node)}, {"mobiledoc": dump(rng, {"version": "0.3.1", "cards": [["html", {"html": text}]], "sections": [[1, "p", [[0, [], 0, sentence(rng)]]]]})}))), rng.choice(("POST", "PUT", "PATCH")))
    return post(rng, fill(rng, rng.choice(("/administrator/index.php?option=com_content&layout=edit&id=§n", "/node/§n/edit", "/admin/cms_page/save/key/§hex/", "/umbraco/backoffice/§w/PostSave"))), FORM, "&".join(f"{name}={quote(value, rng)}" for name, value in ((rng.choice(("jform[articletext]", "body[0][value]", "content", "html")), text), (fill(rng, "jform[§c]"), phrase(rng)), ("form_build_id", fill(rng, "form-§tok")), ("_wp_http_referer", fill(rng, "/wp-admin/§w.php?post=§n&action=edit")))))


def php_serial(rng, depth=2):
    """What PHP's serialize writes for arrays of plain values; no objects."""
    if depth <= 0 or rng.random() < 0.3:
        text = rng.choice((phrase(rng), fill(rng, "§url"), fill(rng, "§w"), fill(rng, "§rgb"), ""))
        return rng.choice((f's:{len(text.encode())}:"{text}";', f"i:{rng.randrange(99999)};", "b:1;", "b:0;", "N;", f"d:{rng.random():.4f};"))
    items = [(fill(rng, "§c"), php_serial(rng, depth - 1)) for _ in range(rng.randint(1, 5))]
    return f"a:{len(items)}:{{" + "".join((f's:{len(name)}:"{name}";' if rng.random() < 0.7 else f"i:{i};") + value for i, (name, value) in enumerate(items)) + "}"


def options(rng):
    """Administration forms: options with brackets, serialized arrays, forms inside a field, styles and codes to print."""
    text = rng.choice((lambda: php_serial(rng, 3), lambda: urllib.parse.urlencode([(fill(rng, "§w[§c][§d]"), rng.choice((phrase(rng), fill(rng, "§url"), "on", fill(rng, "§rgb"), sentence(rng)))) for _ in range(rng.randint(3, 12))]), lambda: shapes.minified(rng), lambda: base64.b64encode(php_serial(rng, 2).encode()).decode(), lambda: dump(rng, shapes.tree(rng, 2)).replace('"', '\\"'), lambda: block_text(rng), lambda: fill(rng, "%postname% | %sitename% %%sep%% %%title%% #separator_sa §ph"), lambda: fill(rng, "/%year%/%monthnum%/%postname%/"), lambda: "\r\n".join(fill(rng, "§w/§w.php") for _ in range(5)), lambda: fill(rng, "<!-- §Brand Tag -->\n<meta name=\"§w-verification\" content=\"§tok\" />\n<link rel=\"preconnect\" href=\"https://§host\">"), lambda: rng.choice(("[your-name] <[your-email]>\n\n[your-message]\n-- \n[_site_title]", "F j, Y @ g:i a", "{\"@context\":\"https://schema.org\",\"@type\":\"Product\",\"offers\":{\"@type\":\"Offer\"}}")), lambda: "|".join(fill(rng, "§w=>§w,§n") for _ in range(6))))()
    more = "&".join(f"{quote(fill(rng, rng.choice(('§w[§c]', 'data[wp-check][§w]', '§w_§w', '§w[§n][§c]', '_§c'))), rng)}={quote(rng.choice((phrase(rng), 'yes', number(rng), fill(rng, '§rgb'), '', pick(rng, shapes.TEMPLATES))), rng)}" for _ in range(rng.randint(1, 8)))
    name = fill(rng, rng.choice(("data", "option_value", "settings", "§w_options[§c]", "form", "custom_css", "instance[§c]", "meta_value", "value", "§w_code")))
    return post(rng, rng.choice(("/wp-admin/admin-ajax.php", "/wp-admin/options.php", "/wp-admin/admin-ajax.php", "/admin/index.php?controller=AdminModules&token=" + letters(rng, HEX, 32), "/admin/system_config/save/section/general/", "/wp-admin/customize.php")), FORM + rng.choice(("", "; charset=UTF-8")), fill(rng, "action=§w_§v_§w&nonce=§hex&") + f"{quote(name, rng)}={quote(text, rng)}&{more}")


def paste(rng):
    """Minified scripts, styles, traces and settings sent as text: to formatters, assistants, support forms, chats."""
    text = rng.choice((shapes.minified, shapes.minified, shapes.stack, config_text, wiki_text, lambda r: markup.css(r), lambda r: shapes.minified(r) * 2, lambda r: shapes.placeholder(r), lambda r: sentence(r) + "\n```\n" + config_text(r) + "```\n" + sentence(r)))(rng)
    draw = rng.random()
    name = fill(rng, rng.choice(("code", "input", "text", "message", "q", "css", "body", "description", "content", "§c")))
    if draw < 0.35:
        return post(rng, fill(rng, rng.choice(("/minify", "/format", "/tickets/new", "/§w/comment", "/beautify", "/api/paste", "/contact"))), FORM, f"{name}={quote(text, rng)}&{fill(rng, '§c=§w&§c=§n')}")
    if draw < 0.45:
        return get(rng, fill(rng, "/§w?") + f"{name}={quote(text[:1500], rng)}")
    if draw < 0.55:
        return multipart(rng, fill(rng, "/§w/new"), [(name, None, None, text), ("subject", None, None, phrase(rng))])
    return post(rng, fill(rng, rng.choice(("/api/§w", "/v1/chat/completions", "/api/v2/tickets.json", "/lint", "/api/chat.postMessage"))), "application/json", dump(rng, rng.choice(({name: text}, {"ticket": {"subject": phrase(rng), "comment": {"body": text}}}, {"messages": [{"role": "user", "content": text}]}, {"channel": "C01", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": fill(rng, "<@U§tok> <§url|§w> `§id`\n") + text}}]}, {"source": text.split("\n")}))))


def translation(rng):
    """Texts to translate: with marks, places, plural rules and escapes, in batches."""
    texts = [rng.choice((languages.language(rng)[:400], sentence(rng), fill(rng, "<a i=0>§ph</a><b i=1> §s</b>"), pick(rng, shapes.TEMPLATES), fill(rng, "§w {§c} <0>§w</0> §w"), fill(rng, "{§c, plural, =0 {§w} one {# §w} other {# §ws}}"), fill(rng, "%1$s §w %2$d §w, @§w: !§c"), fill(rng, "<x id=\"§d\"/>§s&nbsp;&amp; <span translate=\"no\">§brand</span>"), prose(rng, 1, 4))) for _ in range(rng.randint(1, 12))]
    draw = rng.random()
    if draw < 0.3:
        return post(rng, fill(rng, "/translate_a/t?anno=3&client=te&format=html&v=1.0&key&logld=v§tok&sl=auto&tl=§az§az&tc=§d&tk=§n.§n&mode=1"), FORM, "&".join("q=" + quote(text, rng) for text in texts))
    if draw < 0.45:
        return get(rng, fill(rng, "/translate_a/single?client=gtx&sl=auto&tl=en&dt=t&dj=1&q=") + quote(texts[0], rng))
    node = rng.choice(([[texts, "en", "uk"], "te_lib"], {"jsonrpc": "2.0", "method": "LMT_handle_jobs", "params": {"jobs": [{"kind": "default", "sentences": [{"text": text, "id": i, "prefix": ""}], "raw_en_context_before": []} for i, text in enumerate(texts)], "lang": {"target_lang": "DE"}}, "id": 48290007}, [{"Text": text} for text in texts], {"q": texts, "format": "html", "target": "pl"}, {"words": [{"t": 1, "w": text} for text in texts], "request_url": fill(rng, "§url"), "title": phrase(rng), "bot": 0}, {"data": [{"type": "translations", "attributes": {"key": fill(rng, "§w.§c"), "value": text}} for text in texts]}))
    return post(rng, fill(rng, rng.choice(("/jsonrpc?method=LMT_handle_jobs", "/v1/translateHtml", "/translate?api-version=3.0&to=§az§az", "/language/translate/v2", "/translate?api_key=wg_§hex&v=1", "/api/v2/keys"))), "application/json", dump(rng, node))


def sign_on(rng):
    """SAML, OpenID Connect and OAuth: deflated messages, states, nonces, claims, assertions, return addresses."""
    saml = rng.random() < 0.4
    back = shapes.nested_url(rng)
    state = rng.choice((fill(rng, "§tok.§tok"), base64.urlsafe_b64encode(dump(rng, {"u": back, "n": fill(rng, "§tok"), "k": fill(rng, "§w")}).encode()).decode(), fill(rng, "OpenIdConnect.AuthenticationProperties%3D§tok"), dump(rng, {"r": fill(rng, "§path"), "t": fill(rng, "§ms")}), fill(rng, "§uuid|§path?§c=§n|§w"), fill(rng, "§n;§url;§w"), back))
    if saml:
        made = fill(rng, "<samlp:§W xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_§hex\" Version=\"2.0\" IssueInstant=\"§iso\" Destination=\"§url\"><saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">§url</saml:Issuer><ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignatureValue>§bb</ds:SignatureValue></ds:Signature><saml:Conditions NotBefore=\"§iso\"/><saml:AttributeStatement><saml:Attribute Name=\"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/§c\"><saml:AttributeValue>§mail</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></samlp:§W>").encode()
        if rng.random() < 0.5:
            return get(rng, fill(rng, "/§w/saml2?SAMLRequest=") + urllib.parse.quote(base64.b64encode(zlib.compress(made)[2:-4]).decode(), safe="") + "&RelayState=" + quote(state, rng) + fill(rng, "&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256&Signature=") + quote(fill(rng, "§bb"), rng))
        return post(rng, fill(rng, rng.choice(("/saml/acs", "/sso/§w/consume", "/login/callback?connection=§w", "/adfs/ls/?wa=wsignin1.0&wtrealm=https%3a%2f%2f§host&wctx=rm%3d0%26id%3dpassive%26ru%3d%252f§w"))), FORM, rng.choice(("SAMLResponse=", "wresult=")) + quote(base64.b64encode(made).decode() if rng.random() < 0.7 else made.decode(), rng) + "&RelayState=" + quote(state, rng))
    pairs = [("client_id", fill(rng, rng.choice(("§uuid", "§n-§u.apps.§host", "§tok"))),), ("redirect_uri", back), ("response_type", rng.choice(("code", "code id_token", "token"))), ("scope", fill(rng, "openid profile email offline_access https://§host/auth/§w.readonly api://§uuid/.default")), ("state", state), ("nonce", fill(rng, "§ms.§bb")), ("code_challenge", fill(rng, "§tok")), ("code_challenge_method", "S256"), ("claims", dump(rng, {"id_token": {"email": None, "auth_time": {"essential": True}}, "userinfo": {"name": {"values": [fill(rng, "§w")]}}})), ("acr_values", fill(rng, "urn:mace:incommon:iap:§w tenant:§w")), ("prompt", "none"), ("login_hint", fill(rng, "§mail")), ("id_token_hint", beacon._jwt(rng)), ("client-request-id", fill(rng, "§uuid")), ("x-client-SKU", "msal.js.browser"), ("request", beacon._jwt(rng)), ("ui_locales", "en-US fr"), ("code", fill(rng, "§d.A§tok.§tok-§tok*!§tok$$")), ("client_info", base64.b64encode(fill(rng, "{\"uid\":\"§uuid\"}").encode()).decode()), ("grant_type", rng.choice(("authorization_code", "urn:ietf:params:oauth:grant-type:jwt-bearer", "refresh_token"))), ("assertion", beacon._jwt(rng)), ("g-recaptcha-response", fill(rng, "03AFcWeA§tok§tok§bb"))]
    text = "&".join(f"{name}={quote(value, rng)}" for name, value in rng.sample(pairs, rng.randint(5, 12)))
    if rng.random() < 0.6:
        return get(rng, fill(rng, rng.choice(("/oauth2/v2.0/authorize?", "/authorize?", "/o/oauth2/auth?", "/realms/§w/protocol/openid-connect/auth?", "/§uuid/login?", "/signin-oidc?", "/callback?"))) + text)
    return post(rng, fill(rng, rng.choice(("/oauth/token", "/connect/token", "/signin-oidc", "/common/oauth2/v2.0/token", "/accounts/login?next=/§w/"))), FORM, text)


def hooks(rng):
    """Events that services send each other: trees, forms with trees, texts with marks."""
    names = shapes.names(rng)
    inner = rng.choice((lambda: {"object": shapes.tree(rng, 2), "previous_attributes": {names(): shapes.leaf(rng)}}, lambda: shapes.tree(rng, 3, names), lambda: {"text": fill(rng, "*§ph* <§url|§w> :§w: ```") + shapes.stack(rng) + "```", "attachments": [{"color": fill(rng, "§rgb"), "fields": [{"title": fill(rng, "§W"), "value": shapes.leaf(rng)}]}]}, lambda: {"@type": "MessageCard", "@context": "http://schema.org/extensions", "sections": [{"activityTitle": fill(rng, "![§w](§url) **§ph**"), "facts": [{"name": fill(rng, "§W"), "value": shapes.leaf(rng)}]}]}, lambda: {"alerts": [{"labels": {"alertname": fill(rng, "§Id"), "instance": fill(rng, "§ip:9100")}, "annotations": {"description": fill(rng, "§s VALUE = {{ $value }} [ var='B' labels={§c=§w} value=§n ]")}, "generatorURL": fill(rng, "http://§host/graph?g0.expr=rate%28§w_total%5B5m%5D%29+%3E+§n&g0.tab=1")}], "externalURL": fill(rng, "https://§host")}, lambda: {"line_items": [{"name": fill(rng, "§Brand's §adj §w - §dd\""), "properties": [{"name": "_§u".replace("§u", "id"), "value": shapes.leaf(rng)}]}], "note_attributes": [], "landing_site": fill(rng, "/?utm_source=§w&gclid=§tok"), "billing_address": {"name": fill(rng, "§full"), "address1": fill(rng, "§n §last St., Apt #§d")}}))()
    node = {rng.choice(("event", "type", "topic", "action")): fill(rng, "§w.§vd"), rng.choice(("data", "payload", "resource", "body", "Message")): inner if rng.random() < 0.75 else dump(rng, inner), "id": fill(rng, "evt_§tok"), names(): shapes.leaf(rng)}
    headers = [["Host", fill(rng, "§host")], ["User-Agent", fill(rng, rng.choice(("§Brand-Webhook/§d.0", "§Brand/1.0 (+https://§brand.com/docs/webhooks)", "Go-http-client/2.0")))], [fill(rng, "X-§Brand-Signature"), fill(rng, rng.choice(("t=§n,v1=§sha", "sha256=§sha", "§bb")))]]
    target = fill(rng, rng.choice(("/webhooks/§w", "/api/§w/callback", "/hook/§tok", "/services/T§tok/B§tok/§tok", "/integrations/§w/events?secret=§hex", "/ipn")))
    if rng.random() < 0.2:
        return post(rng, target, FORM, "&".join(f"{name}={quote(value, rng)}" for name, value in ((rng.choice(("payload", "data", "mandrill_events")), dump(rng, node)), (fill(rng, "§c"), fill(rng, "§w")))), headers=headers)
    return post(rng, target, rng.choice(("application/json", "application/json", "application/cloudevents+json", "text/plain; charset=UTF-8")), dump(rng, node), headers=headers)


def batch_calls(rng):
    """Several calls in one body: JSON-RPC, OData and Graph batches, paths with queries, multipart ones."""
    call = lambda: fill(rng, rng.choice(("/§t/§n?fields=id,§c,§w{id,§c}", "me/messages?$filter=isRead eq false&$top=§d", "/v1/§t?§c=in.(§n,§n)&select=*", "§t?$select=§Id&$filter=§Id eq '§w'", "/{result=§w:$.data.*.id}/§t")))
    draw = rng.random()
    if draw < 0.3:
        return post(rng, "/$batch", "application/json", dump(rng, {"requests": [{"id": str(i), "method": "GET", "url": call(), "dependsOn": ["1"], "headers": {"Prefer": "return=minimal"}} for i in range(rng.randint(1, 6))]}))
    if draw < 0.45:
        return post(rng, fill(rng, "/v§dd.0/?access_token=§tok"), FORM, "batch=" + quote(dump(rng, [{"method": "POST", "relative_url": call(), "body": urllib.parse.urlencode({"message": sentence(rng)}), "omit_response_on_success": False} for _ in range(rng.randint(1, 4))]), rng))
    if draw < 0.65:
        return post(rng, rng.choice(("/rpc", "/jsonrpc", "/xmlrpc/2/object", "/web/dataset/call_kw")), "application/json", dump(rng, [{"jsonrpc": "2.0", "id": i, "method": fill(rng, "§w.§v"), "params": rng.choice(({"model": fill(rng, "§w.§w"), "method": "search_read", "args": [["|", ["§c".replace("§c", "name"), "ilike", phrase(rng)], ["active", "=", True]]], "kwargs": {"context": {"lang": "en_US", "tz": False}}}, [fill(rng, "§tok"), shapes.leaf(rng), None], shapes.tree(rng, 2)))} for i in range(rng.randint(1, 4))]))
    mark = letters(rng, HEX, 8)
    parts = "".join(f"--batch_{mark}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: {i}\r\n\r\n{rng.choice(('GET', 'PATCH', 'DELETE'))} {call().replace(' ', '%20')} HTTP/1.1\r\nAccept: application/json;odata=nometadata\r\nIf-Match: *\r\n\r\n" for i in range(rng.randint(1, 5)))
    return post(rng, "/odata/$batch", f"multipart/mixed; boundary=batch_{mark}", parts + f"--batch_{mark}--\r\n")


def formulas(rng):
    """Sheets, rules, filters and automations: formulas, regular expressions, small scripts in JSON."""
    made = ("=IF(A§d>§n,\"§w\",VLOOKUP(B§d,'§W §Y'!$A$1:$D$§n,§d,FALSE))", "=SUMPRODUCT((A2:A§dd=\"§w\")*(B2:B§dd))", "=QUERY(§W!A:F,\"select A, count(B) where C contains '§w' group by A\",1)", "=IMPORTRANGE(\"https://§host/§w/d/§tok\",\"§W!A1:C\")", "=ARRAYFORMULA(REGEXREPLACE(A2:A,\"[^0-9.]\",\"\"))", "=HYPERLINK(\"§url\",\"§ph\")", "IF({§W}=\"§w\",DATEADD({§W},§d,'days'),BLANK())", "^(?:\\+?1[-. ]?)?\\(?([0-9]{3})\\)?[-. ]?([0-9]{§d})$", "(?i)\\b(?:§w|§w)(?!§w)\\b.*?$", "^[\\w.+-]+@§brand\\.(com|io)$", "{{ steps.trigger.event.body.§c }}", "{{$json[\"§c\"]}} §w {{ $node[\"§W\"].json.§c }}", "@{triggerBody()?['§c']}", "@equals(variables('§w'), concat('§w-', guid()))", "={{ DateTime.now().minus({ days: §d }).toISO() }}", "[%§c%] = '§w' && len([%§w%]) > §d", "§c:matches('^§w') and not (§w in ['§w', '§w'])", "{!$Record.§Id__c} = '§w'", "ISPICKVAL(Status, \"§w\") && NOT(ISBLANK(§Id__c))", "(http.host eq \"§host\" and not ip.src in {§ip §ip}) or http.request.uri.path contains \"/§w\"", "sum(§w[§c]) / CALCULATE([§W], ALL('§W'[§c]), USERELATIONSHIP('§W'[§c],'§W'[id]))", "EVALUATE TOPN(§n, SUMMARIZECOLUMNS('§W'[§c], \"§W\", [§W §W]), 1)", "SELECT NON EMPTY {[Measures].[§W §W]} ON COLUMNS FROM [§W] WHERE ([§W].[§c].&[§n])", "from:(§mail) subject:(\"§w\" OR §w) older_than:§d¦d", "$.§t[*].§c", "//div[@class='§w']/a/@href", "js:return data.§c.map(x=>x.§w).join(', ')", "[§c] LIKE '%§w%' and [§w] is null", "size > §n && (type == '§w' || tags any '§w')", "{0} §w {1:N2} {2:yyyy-MM-dd}", "cron(0 §d ? * MON-FRI *)", "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=§Y¦0101T000000Z", "5d20+3-2*§n", "\\b\\d{§d}-\\d{4}\\b|§w+")
    texts = [pick(rng, made) for _ in range(rng.randint(1, 9))]
    draw = rng.random()
    if draw < 0.4:
        return post(rng, fill(rng, rng.choice(("/v4/spreadsheets/§tok/values:batchUpdate", "/api/v1/workflows/§n", "/rest/§t/§n", "/v0/app§tok/§W", "/api/rules"))), "application/json", dump(rng, rng.choice(({"valueInputOption": "USER_ENTERED", "data": [{"range": fill(rng, "§W!A§d:C"), "values": [texts]}]}, {"nodes": [{"parameters": {fill(rng, "§c"): text}, "type": fill(rng, "n8n.nodes.§w"), "position": [1, 2]} for text in texts], "connections": {}}, {"rules": [{"name": phrase(rng), "expression": text, "enabled": True} for text in texts]}, {"fields": {fill(rng, "§W §W"): text for text in texts}}))), rng.choice(("POST", "PUT", "PATCH")))
    if draw < 0.7:
        return post(rng, fill(rng, "/§w/§v"), FORM, "&".join(f"{fill(rng, rng.choice(('§c', '§w[§d]', '§u')))}={quote(text, rng)}" for text in texts) + fill(rng, "&csrf=§tok"))
    return get(rng, fill(rng, "/§w/§w?") + "&".join(f"{fill(rng, rng.choice(('formula', 'q', 'rule', 'filter', 'pattern', 'expr', '§c')))}={quote(text, rng)}" for text in texts[:3]))


MAKERS = ((settings, 9), (wiki, 8), (editor, 9), (options, 10), (paste, 8), (translation, 7), (sign_on, 9), (hooks, 8), (batch_calls, 6), (formulas, 9))
