"""The ordinary requests that carry val productions, beside those of carriers_val; they were test until they were read."""

from heldout.carrier import Carrier as C

SOAP = '<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:w="http://§host§/ws"><soapenv:Header/><soapenv:Body>%s</soapenv:Body></soapenv:Envelope>'

CARRIERS = (
    # pages in a browser
    C("nav", "GET", "/"),
    C("nav", "GET", "/§word§/§slug§", query={"utm_source": "newsletter", "utm_campaign": "§slug§"}),
    C("nav", "GET", "/search", query={"q": "~§word§ §thing§", "page": "§digit§"}),
    C("nav", "GET", "/shop/category/§word§", query={"sort": "⟦price_asc¦newest¦rating⟧", "color": "§color§", "min": "§int§", "max": "§int§"}),
    C("nav", "GET", "/forum/viewtopic.php", query={"f": "§small§", "t": "§id§", "highlight": "~§word§"}),
    C("nav", "GET", "/login", query={"next": "/account/orders", "lang": "§locale§"}),
    C("nav", "GET", "/blog/§year§/0§digit§/§slug§.html"),
    C("nav", "GET", "/library/results.jsp", query={"title": "~§word§ and §word§", "author": "~§last§", "from": "§year§"}),
    C("nav", "GET", "/admin/reports", query={"range": "§date§..§date§", "filter": "~status is open", "format": "csv"}),
    C("bot", "GET", "/§slug§", query={"p": "§small§"}),
    C("img", "GET", "/media/cache/§hex32§/§slug§.jpg", query={"w": "§int§", "fit": "crop"}),
    C("xhr", "GET", "/assets/js/chunk-§hex§.js", query={"v": "§ver§"}),
    C("probe", "GET", "/healthz", query={"verbose": "§digit§"}),
    # calls without a body
    C("xhr", "GET", "/api/v2/suggest", query={"term": "~§word§", "limit": "§small§", "_": "§epochms§"}),
    C("ios", "GET", "/mobile/v3/feed", query={"cursor": "§tok§", "tz": "Europe/§city§"}),
    C("android", "GET", "/v1/places/nearby", query={"lat": "5§decimal§", "lon": "1§decimal§", "keyword": "~§thing§ repair"}),
    C("go", "GET", "/api/v1/query_range", query={"query": "~rate of §word§ requests", "start": "§epoch§", "end": "§epoch§", "step": "15"}),
    C("python", "GET", "/rest/items/§id§", query={"fields": "id,§column§,§column§", "expand": "§word§"}),
    C("node", "DELETE", "/api/sessions/§uuid§"),
    C("curl", "GET", "/api/tickets", query={"status": "open", "subject": "~§thing§ broken"}),
    C("beacon", "GET", "/collect", query={"v": "1", "tid": "UA-§big§-1", "t": "pageview", "dl": "https://§host§/§slug§", "dt": "~§upword§ §thing§", "cid": "§big§.§epoch§"}),
    C("img", "GET", "/px.gif", query={"uid": "§uuid§", "ev": "view", "title": "~§upword§ §upword§", "r": "https://§host§/"}),
    # forms
    C("nav", "POST", "/account/login", form={"csrf": "§tok§", "email": "§mail§", "password": "§pass§", "remember": "on"}),
    C("nav", "POST", "/contact", form={"name": "~§name§", "email": "§mail§", "subject": "~question about my §thing§", "message": "~§sentence§ §sentence§", "send": "Send"}),
    C("nav", "POST", "/checkout/address", form={"_token": "§tok§", "first_name": "~§first§", "last_name": "~§last§", "street": "~§upword§ street §small§", "zip": "§int§", "city": "~§city§", "notes": "~§sentence§", "country": "§locale§"}),
    C("nav", "POST", "/wp-comments-post.php", form={"comment": "~§sentence§", "author": "~§name§", "email": "§mail§", "url": "", "submit": "Post Comment", "comment_post_ID": "§int§", "comment_parent": "0"}),
    C("xhr", "POST", "/ajax/autosave", form={"action": "save_draft", "post_id": "§id§", "title": "~§upword§ §word§", "content": "~§sentence§", "nonce": "§hex§"}),
    C("python", "POST", "/oauth/token", form={"grant_type": "client_credentials", "client_id": "§ident§", "client_secret": "§tok§", "scope": "read write", "description": "~batch job of §first§"}),
    # JSON
    C("xhr", "POST", "/api/v1/tickets", json={"title": "~§upword§ §thing§ is broken", "body": "~§sentence§ §sentence§", "priority": "⟦low¦high⟧", "labels": ["§word§", "§word§"], "assignee": {"login": "§user§", "id": "§id§"}}),
    C("ios", "POST", "/mobile/v3/messages", json={"conversation": "§uuid§", "text": "~§sentence§", "client_id": "§uuid§", "attachments": []}),
    C("android", "PUT", "/v1/profile", query={"device": "§uuid§"}, json={"display_name": "~§name§", "bio": "~§sentence§", "locale": "§locale§", "settings": {"theme": "dark", "push": "true"}}),
    C("node", "POST", "/api/search", json={"query": "~§word§ §word§", "filters": {"category": "§word§", "brand": "§upword§"}, "sort": "relevance", "from": 0, "size": 20}),
    C("xhr", "POST", "/cart/items", json={"sku": "§upper§-§int§", "quantity": 1, "options": [{"name": "color", "value": "§color§"}, {"name": "engraving", "value": "~§first§"}], "note": "~§sentence§"}),
    C("hook", "POST", "/hooks/§tok§", json={"event": "issue.updated", "id": "§uuid§", "created": "§date§T§time§Z", "data": {"key": "§upper§-§int§", "summary": "~§upword§ §word§ fails", "description": "~§sentence§", "author": {"name": "~§name§", "email": "§mail§"}}}),
    C("beacon", "POST", "/v2/track", query={"sdk": "js-§ver§"}, json={"batch": [{"type": "track", "event": "~Viewed §thing§", "anonymousId": "§uuid§", "properties": {"url": "https://§host§/§slug§", "title": "~§upword§ §thing§"}, "timestamp": "§date§T§time§.123Z"}], "sentAt": "§date§T§time§.223Z"}),
    C("dotnet", "PATCH", "/odata/v4/Customers(§int§)", json={"Name": "~§name§", "Remark": "~§sentence§", "City": "~§city§"}),
    C("xhr", "POST", "/rpc", json={"jsonrpc": "2.0", "id": 7, "method": "document.save", "params": {"id": "§id§", "title": "~§upword§", "html": "~§sentence§", "tags": ["§word§"]}}),
    # GraphQL
    C("xhr", "POST", "/graphql", graphql=("query Search($term: String!, $first: Int) { search(term: $term, first: $first) { id title price } }", {"term": "~§thing§", "first": 24})),
    C("ios", "POST", "/api/graphql", query={"op": "UpdateProfile"}, graphql=("mutation UpdateProfile($input: ProfileInput!) { updateProfile(input: $input) { profile { id name bio } } }", {"input": {"name": "~§name§", "bio": "~§sentence§", "city": "~§city§"}})),
    C("node", "POST", "/graphql", graphql=("mutation AddComment($post: ID!, $text: String!) { addComment(post: $post, text: $text) { id createdAt } }", {"post": "§uuid§", "text": "~§sentence§"})),
    # XML
    C("java", "POST", "/services/OrderService", xml=SOAP % "<w:CreateOrder><w:customer>~~§name§~~</w:customer><w:article>~~§upper§-§int§~~</w:article><w:remark>~~§sentence§~~</w:remark></w:CreateOrder>"),
    C("dotnet", "POST", "/Service.asmx", xml=SOAP % "<w:FindPerson><w:surname>~~§last§~~</w:surname><w:town>~~§city§~~</w:town></w:FindPerson>"),
    C("python", "POST", "/api/import", query={"mode": "append"}, xml='<?xml version="1.0"?>\n<catalog><book id="b§int§"><author>~~§name§~~</author><title>~~§upword§ §word§~~</title><summary>~~§sentence§~~</summary></book></catalog>'),
    C("java", "PUT", "/rest/documents/§id§", xml='<document xmlns="urn:§word§:doc"><meta><title>~~§upword§~~</title><owner>~~§user§~~</owner></meta><content>~~§sentence§ §sentence§~~</content></document>'),
    C("go", "POST", "/xmlrpc", xml='<?xml version="1.0"?><methodCall><methodName>blog.newPost</methodName><params><param><value><string>~~§user§~~</string></value></param><param><value><string>~~§sentence§~~</string></value></param></params></methodCall>'),
    # uploads
    C("nav", "POST", "/tickets/new", multipart={"csrf": "§tok§", "subject": "~§thing§ does not start", "description": "~§sentence§ §sentence§", "attachment": ("§slug§.§ext§", "application/octet-stream", "§b64§")}),
    C("xhr", "POST", "/api/upload", multipart={"folder": "§id§", "caption": "~§sentence§", "file": ("§slug§.txt", "text/plain", "§sentence§⏎§sentence§⏎")}),
    C("nav", "POST", "/jobs/apply/§id§", multipart={"name": "~§name§", "email": "§mail§", "letter": "~§sentence§ §sentence§", "cv": ("cv-§last§.txt", "text/plain", "§name§⏎§city§⏎§phone§⏎")}),
    C("android", "POST", "/v2/photos", multipart={"album": "§word§", "title": "~§upword§ in §city§", "taken": "§date§", "photo": ("IMG_§big§.jpg", "image/jpeg", "§longb64§")}),
    # other bodies
    C("beacon", "POST", "/log", query={"app": "§word§"}, raw=("text/plain;charset=UTF-8", "~§sentence§")),
    C("curl", "PUT", "/notes/§slug§.txt", raw=("text/plain", "~§sentence§⏎§sentence§⏎")),
    C("go", "POST", "/ingest", query={"source": "§ident§"}, raw=("text/plain; charset=utf-8", "~§date§ §time§ §word§ started")),
)
