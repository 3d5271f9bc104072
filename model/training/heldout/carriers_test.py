"""The ordinary requests that carry the test productions: other trades, products and protocols than those of val."""

from heldout.carrier import Carrier as C

CARRIERS = (
    # pages in a browser
    C("nav", "GET", "/mod/forum/discuss.php", query={"d": "§int§", "parent": "§int§"}),
    C("nav", "GET", "/w/index.php", query={"title": "Special:Search", "search": "~§word§ §city§", "ns0": "1", "profile": "default"}),
    C("nav", "GET", "/immobilien/suche", query={"ort": "~§city§", "zimmer_ab": "§digit§", "miete_bis": "§int§", "umkreis": "§small§km"}),
    C("nav", "GET", "/recettes/recherche.html", query={"ingredient": "~§word§", "temps": "§small§", "tri": "pertinence"}),
    C("nav", "GET", "/Opac/Results.aspx", query={"SearchText": "~§last§ §word§", "MediaGroup": "§digit§", "Branch": "§city§", "PageIndex": "§small§"}),
    C("nav", "GET", "/browse/§upper§-§int§", query={"jql": "~text contains §word§", "focusedId": "§id§"}),
    C("nav", "GET", "/vuelos/§city§/§city§", query={"ida": "§date§", "vuelta": "§date§", "adultos": "§digit§", "cabina": "⟦turista¦business⟧"}),
    C("nav", "GET", "/stellenangebote/§slug§,§id§"),
    C("bot", "GET", "/sitemap-§small§.xml"),
    C("img", "GET", "/cdn-cgi/image/width=§int§,quality=85/§slug§.webp"),
    C("probe", "GET", "/actuator/health/readiness"),
    # calls without a body
    C("xhr", "GET", "/rest/v1/§table§", query={"select": "id,§column§", "title": "~like §word§", "order": "id.desc", "offset": "§int§"}),
    C("ios", "GET", "/fhir/R4/Patient", query={"name": "~§last§", "birthdate": "ge§date§", "_count": "§small§"}),
    C("android", "GET", "/weather/v3/forecast", query={"place": "~§city§", "units": "metric", "hours": "§small§"}),
    C("go", "GET", "/_matrix/client/v3/sync", query={"since": "s§big§_§int§", "timeout": "30000", "filter": "§digit§"}),
    C("node", "GET", "/npm/-/v1/search", query={"text": "~§word§ §word§", "size": "§small§"}),
    C("java", "DELETE", "/fineract/api/v1/loans/§id§", query={"tenantIdentifier": "default"}),
    C("beacon", "GET", "/g/collect", query={"v": "2", "tid": "G-§upper§", "en": "page_view", "dt": "~§city§ §thing§", "sid": "§epoch§", "_p": "§big§"}),
    # forms
    C("nav", "POST", "/overzicht/Klacht.aspx", form={"__VIEWSTATE": "/wEP§longb64§", "__EVENTVALIDATION": "/wEd§b64§", "ctl00$Main$txtNaam": "~§name§", "ctl00$Main$txtKlacht": "~§sentence§", "ctl00$Main$btnVerstuur": "Versturen"}),
    C("nav", "POST", "/admin/library/loan/§id§/change/", form={"csrfmiddlewaretoken": "§tok§", "borrower": "~§last§", "remarks": "~§sentence§", "due_0": "§date§", "due_1": "§time§", "_save": "Save"}),
    C("nav", "POST", "/patients/§id§/appointments", form={"_method": "patch", "appointment[reason]": "~§sentence§", "appointment[physician_id]": "§int§", "appointment[remarks]": "~call §first§", "commit": "Update"}),
    C("xhr", "POST", "/posts.json", form={"raw": "~§sentence§ §sentence§", "topic_id": "§id§", "archetype": "regular", "typing_duration_msecs": "§int§", "composer_open_duration_msecs": "§int§"}),
    C("hook", "POST", "/twilio/inbound", form={"MessageSid": "SM§hex32§", "From": "+§big§", "To": "+§big§", "Body": "~§sentence§", "NumMedia": "0", "FromCity": "§city§"}),
    C("hook", "POST", "/slash/remind", form={"team_id": "T§upper§", "user_name": "§user§", "command": "/remind", "text": "~§verb§ the §thing§", "trigger_id": "§big§.§big§.§hex32§"}),
    # JSON
    C("node", "POST", "/v1/chat/completions", json={"model": "§word§-§small§b", "messages": [{"role": "system", "content": "You are a helpful assistant."}, {"role": "user", "content": "~§sentence§"}], "temperature": 0.2, "stream": True}),
    C("python", "POST", "/jsonrpc", json={"jsonrpc": "2.0", "method": "call", "params": {"service": "object", "method": "execute_kw", "args": ["§word§", 2, "§tok§", "res.partner", "write", [[41], {"name": "~§name§", "comment": "~§sentence§"}]]}, "id": 91}),
    C("xhr", "POST", "/§word§-*/_search", query={"ignore_unavailable": "true"}, json={"query": {"bool": {"must": [{"match": {"body": "~§word§ §word§"}}], "filter": [{"range": {"@timestamp": {"gte": "now-1d"}}}]}}, "size": 50}),
    C("android", "POST", "/api/v1/statuses", json={"status": "~§sentence§", "visibility": "⟦public¦unlisted⟧", "spoiler_text": "", "language": "§locale§", "media_ids": []}),
    C("go", "PUT", "/_matrix/client/v3/rooms/!§tok§/send/m.room.message/m§epochms§", json={"msgtype": "m.text", "body": "~§sentence§"}),
    C("java", "POST", "/fhir/R4/Observation", json={"resourceType": "Observation", "status": "final", "code": {"text": "~§word§ level"}, "subject": {"reference": "Patient/§uuid§"}, "valueQuantity": {"value": 6.3, "unit": "mmol/l"}, "note": [{"text": "~§sentence§"}]}),
    C("go", "POST", "/v1/logs", json={"resourceLogs": [{"resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "§word§"}}]}, "scopeLogs": [{"logRecords": [{"timeUnixNano": "§epochms§000000", "severityText": "INFO", "body": {"stringValue": "~§sentence§"}}]}]}]}),
    C("xhr", "POST", "/livewire/update", json={"_token": "§tok§", "components": [{"snapshot": "§b64§", "updates": {"form.title": "~§upword§ §thing§", "form.body": "~§sentence§"}, "calls": []}]}),
    C("ios", "PATCH", "/v4/trips/§uuid§/stops/§digit§", json={"label": "~§city§ §word§", "remarks": "~§sentence§", "eta": "§date§T§time§+02:00", "pax": 4}),
    C("dotnet", "POST", "/sap/opu/odata/sap/API_PURCHASEREQ/A_Item", json={"d": {"PurchaseRequisition": "§big§", "ItemText": "~§thing§, §color§", "Plant": "§int§", "RequisitionerName": "~§name§"}}),
    # GraphQL
    C("xhr", "POST", "/admin/api/graphql.json", graphql=("mutation productUpdate($p: ProductInput!) { productUpdate(input: $p) { product { id handle } userErrors { field message } } }", {"p": {"id": "gid://shop/Product/§id§", "title": "~§color§ §thing§", "descriptionHtml": "~§sentence§"}})),
    C("android", "POST", "/query", graphql=("query Courses($text: String, $after: String) { courses(text: $text, after: $after, first: 12) { edges { node { id title teacher { name } } } pageInfo { endCursor } } }", {"text": "~§word§ §month§", "after": "§b64u§"})),
    C("node", "POST", "/api/v2/graphql", query={"team": "§upper§"}, graphql=("mutation IssueCreate($title: String!, $description: String, $teamId: String!) { issueCreate(input: {title: $title, description: $description, teamId: $teamId}) { success } }", {"title": "~§thing§ §word§", "description": "~§sentence§", "teamId": "§uuid§"})),
    # XML
    C("dotnet", "POST", "/EWS/Exchange.asmx", xml='<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><soap:Body><CreateItem xmlns="http://schemas.microsoft.com/exchange/services/2006/messages"><Items><t:Message><t:Subject>~~§upword§ §thing§~~</t:Subject><t:Body BodyType="Text">~~§sentence§~~</t:Body></t:Message></Items></CreateItem></soap:Body></soap:Envelope>'),
    C("ios", "REPORT", "/remote.php/dav/calendars/§user§/personal/", xml='<?xml version="1.0" encoding="UTF-8"?><c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/></d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"><c:prop-filter name="SUMMARY"><c:text-match>~~§upword§ §first§~~</c:text-match></c:prop-filter></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>'),
    C("java", "POST", "/peppol/as4/invoice", xml='<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"><cbc:ID>~~§upper§-§int§~~</cbc:ID><cbc:IssueDate>§date§</cbc:IssueDate><cbc:Note>~~§sentence§~~</cbc:Note><cbc:BuyerReference>~~§name§~~</cbc:BuyerReference></Invoice>'),
    C("python", "PUT", "/translate/§word§/§locale§.xlf", xml='<?xml version="1.0" encoding="UTF-8"?>\n<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2"><file source-language="en" datatype="plaintext" original="§slug§"><body><trans-unit id="§ident§"><source>~~§upword§ §word§~~</source><target>~~§sentence§~~</target></trans-unit></body></file></xliff>'),
    # uploads
    C("nav", "POST", "/schaden/melden", multipart={"policennummer": "§upper§-§big§", "hergang": "~§sentence§ §sentence§", "ort": "~§city§", "foto": ("schaden-§int§.jpg", "image/jpeg", "§longb64§")}),
    C("xhr", "POST", "/webservice/upload.php", query={"wstoken": "§hex32§"}, multipart={"itemid": "0", "title": "~§word§ essay", "feedback": "~§sentence§", "file_1": ("abgabe_§last§.txt", "text/plain", "§sentence§⏎")}),
    C("hook", "POST", "/inbound/mail/§tok§", multipart={"from": "~§name§", "to": "tickets@§host§", "subject": "~§upword§ §thing§", "text": "~§sentence§⏎§sentence§", "spam_score": "0.§digit§", "attachment-1": ("scan.pdf", "application/pdf", "JVBERi0xLj§b64§")}),
    # other bodies
    C("beacon", "POST", "/rum/§hex32§", query={"sv": "§ver§"}, raw=("text/plain;charset=UTF-8", "~§upword§ took §int§ ms")),
    C("curl", "POST", "/§word§-alerts", query={"priority": "§digit§"}, raw=("text/plain; charset=utf-8", "~§thing§ in §city§: §sentence§")),
    C("python", "PUT", "/remote.php/dav/files/§user§/Notes/§slug§.md", raw=("text/markdown", "~# §upword§⏎⏎§sentence§⏎")),
)
