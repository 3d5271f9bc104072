package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/limen-waf/limen/store"
)

func newBackupCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backup DIR",
		Short: "Copies the store to a folder, while the server goes on serving",
		Long: `Copies the store to a folder, which must be empty or not there yet: decisions,
models, policies, labels, exceptions and whatever else it holds.

The copy comes from the running server through its admin endpoint, which goes on
serving and recording meanwhile. It has everything that was recorded before the
command began. When no server runs, the data folder is read.

DIR/manifest.json names every file with its SHA-256. It is written last: a folder
without it is no backup. "caddy limen restore" brings a backup back.`,
		Example: `  $ caddy limen backup /backup/limen-2026-01-31
  $ caddy limen restore /backup/limen-2026-01-31 --data /var/lib/limen`,
		Args: oneFolder,
	}
	var source sourceFlags
	source.add(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		src, err := source.open(cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		defer src.Close()
		b := newBar(cmd.ErrOrStderr())
		defer b.clear()
		var m *store.Manifest
		switch src := src.(type) {
		case *adminClient:
			m, err = backupServer(cmd.Context(), src, args[0], b)
		case *store.Store:
			m, err = backupFolder(cmd.Context(), src, args[0], b)
		}
		if err != nil {
			return err
		}
		b.clear()
		tellGaps(cmd.ErrOrStderr(), store.Gaps{Skipped: m.Skipped})
		fmt.Fprintf(cmd.OutOrStdout(), "%d files, %s, in %s: %s\n", len(m.Files), byteSize(m.Bytes()), b.took(), args[0])
		return nil
	}
	return cmd
}

// oneFolder wants one argument.
func oneFolder(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("got %d arguments, expected the folder of the backup", len(args))
	}
	return nil
}

func backupServer(ctx context.Context, c *adminClient, dir string, b *bar) (*store.Manifest, error) {
	resp, err := c.request(http.MethodGet, "/limen/backup")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	size, _ := strconv.ParseInt(resp.Header.Get(headerBytes), 10, 64)
	m, err := store.Unpack(ctx, resp.Body, dir, b.bytes(size))
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = c.brokenOff(err)
	}
	return m, err
}

// bytes shows a number of bytes of so many.
func (b *bar) bytes(size int64) func(int64) {
	return func(n int64) {
		b.show(float64(n)/float64(max(size, n, 1)), func() string { return byteSize(n) })
	}
}

func backupFolder(ctx context.Context, s *store.Store, dir string, b *bar) (*store.Manifest, error) {
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		_, err := s.Backup(ctx, w)
		w.CloseWithError(err)
		done <- err
	}()
	m, err := store.Unpack(ctx, r, dir, b.bytes(s.Stats().Bytes))
	r.CloseWithError(err)
	if backupErr := <-done; backupErr != nil && err == nil {
		err = backupErr
	}
	return m, err
}

func newRestoreCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "restore DIR --data FOLDER",
		Short: "Brings a backup back into a data folder",
		Long: `Brings a backup back into a data folder, which must be empty or not there yet:
nothing is overwritten. To go back to a backup, stop the server, move its data
folder away, restore, and start it again.

First every file of the backup is checked against the SHA-256 in its manifest.
An interrupted restore leaves nothing that a server would take for a store.

--check only checks the backup.`,
		Example: `  $ caddy limen restore /backup/limen-2026-01-31 --data /var/lib/limen
  $ caddy limen restore /backup/limen-2026-01-31 --check`,
		Args: oneFolder,
	}
	data := cmd.Flags().String("data", "", "Data folder to restore to")
	check := cmd.Flags().Bool("check", false, "Check the backup and restore nothing")
	cmd.MarkFlagsMutuallyExclusive("data", "check")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *data == "" && !*check {
			return errors.New("--data is missing: name the data folder to restore to, or give --check")
		}
		b := newBar(cmd.ErrOrStderr())
		defer b.clear()
		var m *store.Manifest
		var err error
		if *check {
			m, err = store.CheckBackup(cmd.Context(), args[0], b.bytes(folderSize(args[0])))
		} else {
			m, err = store.Restore(cmd.Context(), args[0], *data, b.bytes(2*folderSize(args[0])))
		}
		if err != nil {
			return err
		}
		b.clear()
		what := "every file is as it was written"
		if !*check {
			what = "restored to " + *data
		}
		fmt.Fprintf(cmd.OutOrStdout(), "backup of %s: %d files, %s: %s\n", m.Created.Local().Format("2006-01-02 15:04:05"),
			len(m.Files), byteSize(m.Bytes()), what)
		return nil
	}
	return cmd
}

// folderSize is the size of the files in a backup's folder.
func folderSize(dir string) (n int64) {
	for _, sub := range []string{dir, dir + "/verdicts"} {
		entries, _ := os.ReadDir(sub)
		for _, e := range entries {
			if info, err := e.Info(); err == nil && !info.IsDir() {
				n += info.Size()
			}
		}
	}
	return n
}
