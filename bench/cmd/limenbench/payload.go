//go:build linux

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
)

// ordinaryJSON returns a JSON document of exactly size bytes as a shop's API
// would get it: a list of orders with nested records, names from several
// languages, free text, addresses, numbers, dates and identifiers. The same seed
// gives the same bytes.
func ordinaryJSON(size int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, uint64(size)))
	var b bytes.Buffer
	b.Grow(size + 2048)
	b.WriteString(`{"source":"import","orders":[`)
	for first := true; ; first = false {
		order := order(r)
		if b.Len()+len(order)+64 > size {
			break
		}
		if !first {
			b.WriteByte(',')
		}
		b.WriteString(order)
	}
	b.WriteString(`],"checksum":"`)
	// What is left is filled with a token, as long as it takes.
	for b.Len() < size-2 {
		b.WriteByte("0123456789abcdef"[r.IntN(16)])
	}
	b.WriteString(`"}`)
	return b.Bytes()
}

func order(r *rand.Rand) string {
	var items []string
	for range 1 + r.IntN(5) {
		items = append(items, fmt.Sprintf(`{"sku":"%s-%04d","title":"%s %s","quantity":%d,"price":{"amount":"%d.%02d","currency":"%s"},"tags":["%s","%s"],"gift":%t}`,
			strings.ToUpper(pick(r, nouns)[:2]), r.IntN(10000), pick(r, adjectives), pick(r, nouns), 1+r.IntN(4), r.IntN(300), r.IntN(100),
			pick(r, currencies), pick(r, nouns), pick(r, adjectives), r.IntN(8) == 0))
	}
	first, last := pick(r, firstNames), pick(r, lastNames)
	return fmt.Sprintf(`{"id":"%08x-%04x-4%03x-a%03x-%012x","placed_at":"20%02d-%02d-%02dT%02d:%02d:%02d.%03dZ","customer":{"name":"%s %s","email":"%s.%s%d@example.com","phone":"+%d %d %d","address":{"street":"%s %d","city":"%s","postcode":"%05d","country":"%s"}},"note":"%s","items":[%s],"shipping":{"method":"%s","cost":%d.%d,"url":"https://track.example.com/p/%d?lang=%s&from=mail"},"paid":%t,"coupon":%s,"score":%.6f}`,
		r.Uint32(), r.IntN(1<<16), r.IntN(1<<12), r.IntN(1<<12), r.Int64N(1<<48),
		20+r.IntN(7), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1000),
		first, last, strings.ToLower(pick(r, nouns)), strings.ToLower(pick(r, adjectives)), r.IntN(100), 1+r.IntN(98), 100+r.IntN(900), r.IntN(10_000_000),
		pick(r, streets), 1+r.IntN(200), pick(r, cities), r.IntN(100000), pick(r, countries), note(r), strings.Join(items, ","),
		pick(r, methods), r.IntN(30), r.IntN(10), r.Int64N(1e12), pick(r, languages), r.IntN(3) > 0, coupon(r), r.Float64())
}

func note(r *rand.Rand) string {
	var parts []string
	for range r.IntN(4) {
		parts = append(parts, pick(r, notes))
	}
	return strings.Join(parts, " ")
}

func coupon(r *rand.Rand) string {
	if r.IntN(3) > 0 {
		return "null"
	}
	return fmt.Sprintf(`"%s%d"`, strings.ToUpper(pick(r, adjectives)), 5+r.IntN(40))
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

var (
	adjectives = strings.Fields("green blue small large light heavy soft classic modern vintage warm cold dark bright wooden woollen leather cotton organic fresh spare double single portable")
	nouns      = strings.Fields("Lamp Chair Table Kettle Mug Blanket Notebook Pencil Backpack Bottle Jacket Scarf Gloves Lantern Cushion Basket Mirror Clock Candle Plate Spoon Towel Carpet Shelf Radio Charger Cable")
	firstNames = []string{"Anna", "Liam", "Zoë", "José", "Søren", "Mária", "Jürgen", "Olga", "Дмитрий", "佐藤", "محمد", "Chloé", "Seán", "Nguyễn", "Emma", "Noah", "Ιωάννα", "Ayşe"}
	lastNames  = []string{"Smith", "O'Reilly", "García-López", "Müller", "D'Angelo", "Иванова", "花子", "van der Berg", "Nowak", "Øster", "Kovács", "Brown", "Silva", "McDonald", "Okafor", "Nakamura"}
	streets    = []string{"High Street", "Hauptstraße", "Rue de l'Église", "Calle Mayor", "Via Roma", "Main St.", "Kungsgatan", "ul. Długa", "Avenida da República", "St. John's Road"}
	cities     = []string{"London", "Köln", "Saint-Étienne", "Sevilla", "L'Aquila", "Springfield", "Malmö", "Łódź", "São Paulo", "東京", "Athens", "İzmir"}
	countries  = strings.Fields("GB DE FR ES IT US SE PL BR JP GR TR")
	currencies = strings.Fields("EUR USD GBP SEK PLN BRL JPY")
	methods    = strings.Fields("standard express pickup locker")
	languages  = strings.Fields("en de fr es it sv pl pt ja el tr")
	notes      = []string{
		"Please ring twice, the bell doesn't always work.", "Leave it with the neighbour (no. 12) if nobody is home.", "It's a gift: don't print the price!",
		"Deliver between 9:00 and 17:00; call +44 20 7946 0000 otherwise.", "Bitte beim Nachbarn abgeben, danke.", "Merci de ne pas plier l'enveloppe.",
		"Same size & colour as last time, 50% wool.", "Invoice to accounts@example.com -- PO #4711.", "Dejar en portería, gracias.", `The \"large\" one, not the small one.`,
		"Line one.\\nLine two: see https://www.example.com/help?topic=returns.", "Ordered 2 < 3 last week, so this makes 5 = enough.", "Select the blue cover from the new range.",
	}
)
