package p2p

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/test"
)

func nobody(peer.ID) bool { return false }

func strangers(t *testing.T, b *Book, n int, at time.Time, addresses ...string) (ids []peer.ID) {
	t.Helper()
	for range n {
		id, err := test.RandPeerID()
		if err != nil {
			t.Fatal(err)
		}
		b.peers[id] = entry{ID: id.String(), Addresses: addresses, Met: at, Seen: at}
		ids = append(ids, id)
	}
	return ids
}

func TestACrowdOfStrangersDoesNotDriveOldFriendsOutOfABook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "peers.json")
	b, err := OpenBook(path)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_800_000_000, 0)
	const address = "/ip4/203.0.113.7/tcp/9400"
	friend := strangers(t, b, 1, now.Add(-20*24*time.Hour), address)[0]
	known := b.peers[friend]
	known.Seen = now.Add(-time.Hour)
	b.peers[friend] = known
	gone := strangers(t, b, 1, now.Add(-31*24*time.Hour), address)[0]
	strangers(t, b, 4*maxRemembered, now, address)
	if _, err := b.trim(now); err != nil {
		t.Fatal(err)
	}
	if len(b.peers) != maxRemembered {
		t.Errorf("%d peers are remembered, want %d", len(b.peers), maxRemembered)
	}
	if _, there := b.peers[gone]; there {
		t.Error("who was gone for a month is remembered")
	}
	dialled := b.recent(now, nobody)
	if len(dialled) != dialsRemembered || dialled[0].ID != friend {
		t.Errorf("%d are dialled, the first of them %v, want %d and the old friend", len(dialled), dialled[0].ID, dialsRemembered)
	}
	if again := b.recent(now, func(id peer.ID) bool { return id == friend }); again[0].ID == friend {
		t.Error("who is connected is dialled")
	}
}

// A book that is written is one that can be read again.
func TestABookStaysWithinItsBounds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "peers.json")
	b, err := OpenBook(path)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for _, letter := range []string{"a", "\x01"} { // the second takes six bytes in JSON
		strangers(t, b, maxRemembered, now, "/dns4/"+strings.Repeat(letter, maxAddressBytes-12)+"/tcp/1", "/dns4/"+strings.Repeat(letter, maxAddressBytes-12)+"/tcp/2",
			"/dns4/"+strings.Repeat(letter, maxAddressBytes-12)+"/tcp/3", "/dns4/"+strings.Repeat(letter, maxAddressBytes-12)+"/tcp/4")
		data, err := b.trim(now)
		if err != nil {
			t.Fatal(err)
		}
		if err := replaceFile(path, data); err != nil {
			t.Fatal(err)
		}
		again, err := OpenBook(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > maxBookBytes || len(again.peers) != len(b.peers) || len(again.peers) < maxRemembered/8 {
			t.Errorf("%q: %d bytes with %d peers, %d are read again", letter, len(data), len(b.peers), len(again.peers))
		}
		clear(b.peers)
	}
}

func TestABookWithoutFirstMeetingsIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "peers.json")
	id, err := test.RandPeerID()
	if err != nil {
		t.Fatal(err)
	}
	seen := time.Now().Add(-time.Hour)
	old := fmt.Sprintf(`[{"id":%q,"addresses":["/ip4/203.0.113.7/tcp/9400"],"seen":%q}]`, id, seen.Format(time.RFC3339))
	if err := os.WriteFile(path, []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := OpenBook(path)
	if err != nil {
		t.Fatal(err)
	}
	if found := b.recent(time.Now(), nobody); len(found) != 1 || found[0].ID != id {
		t.Errorf("found %v", found)
	}
}

// What can't be written leaves what was there.
func TestAFileIsReplacedWholeOrNotAtAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "listen")
	if err := replaceFile(path, []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path+".new", 0o700); err != nil { // in the way of the next one
		t.Fatal(err)
	}
	if err := replaceFile(path, []byte("second")); err == nil {
		t.Error("it was written over the old one")
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "first" {
		t.Errorf("%q, %v", data, err)
	}
}
