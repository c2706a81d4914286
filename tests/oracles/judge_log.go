// Judge_log reads a published log with the Go project's own note and tile code, and nothing of ours.
//
//	judge_log FOLDER VKEY
//
// FOLDER holds what a log serves: checkpoint, tile/0/000, tile/0/001.p/5, and so on; and three lists
// of claims about it, one a line, all bytes in base64:
//
//	entries       INDEX ENTRY        the entry stands there
//	inclusion     INDEX HASH...      the path of that entry to the checkpoint's root
//	consistency   SIZE ROOT HASH...  the path from that smaller tree to the checkpoint's
//
// It ends with status 1 at the first claim that does not hold.
package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// files reads tiles of height 8 from a folder; c2sp.org/tlog-tiles leaves the height out of the path.
type files string

func (files) Height() int { return 8 }

func (folder files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(string(folder), path))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

func (files) SaveTiles([]tlog.Tile, [][]byte) {}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func number(text string) int64 {
	value, err := strconv.ParseInt(text, 10, 64)
	must(err)
	return value
}

func hashes(texts []string) []tlog.Hash {
	var found []tlog.Hash
	for _, text := range texts {
		hash, err := tlog.ParseHash(text)
		must(err)
		found = append(found, hash)
	}
	return found
}

func claims(folder, name string) [][]string {
	file, err := os.Open(filepath.Join(folder, name))
	must(err)
	defer file.Close()
	var found [][]string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		found = append(found, strings.Fields(lines.Text()))
	}
	must(lines.Err())
	return found
}

func main() {
	folder, vkey := os.Args[1], os.Args[2]
	verifier, err := note.NewVerifier(vkey)
	must(err)
	signed, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	must(err)
	opened, err := note.Open(signed, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() || lines[3] != "" {
		must(fmt.Errorf("not a checkpoint of this log: %q", opened.Text))
	}
	tree := tlog.Tree{N: number(lines[1]), Hash: hashes(lines[2:3])[0]}

	// This reader checks every tile against the tree before it gives a hash of it.
	reader := tlog.TileHashReader(tree, files(folder))
	entries := map[int64]tlog.Hash{}
	for _, claim := range claims(folder, "entries") {
		index := number(claim[0])
		entry, err := base64.StdEncoding.DecodeString(claim[1])
		must(err)
		entries[index] = tlog.RecordHash(entry)
		stored, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		must(err)
		if stored[0] != entries[index] {
			must(fmt.Errorf("another entry stands at %d", index))
		}
	}
	for _, claim := range claims(folder, "inclusion") {
		index := number(claim[0])
		must(tlog.CheckRecord(hashes(claim[1:]), tree.N, tree.Hash, index, entries[index]))
	}
	for _, claim := range claims(folder, "consistency") {
		root := hashes(claim[1:2])[0]
		must(tlog.CheckTree(hashes(claim[2:]), tree.N, tree.Hash, number(claim[0]), root))
	}
	fmt.Printf("%d entries, root %s\n", tree.N, tree.Hash)
}
