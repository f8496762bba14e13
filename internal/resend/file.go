package resend

import "github.com/logboom/logboom/event"

// filePath is the place of the path among the fields of a file.
const filePath = 0

// fileFields is how many fields tell one file from another.
const fileFields = 7

// fileNames are those in log.file, as Filebeat 8 and 9 write it; device_id and inode on Unix are strings, idxhi, idxlo and vol
// are what Windows has in their place, and fingerprint comes with file_identity.fingerprint.
var fileNames = [fileFields]string{"path", "device_id", "inode", "fingerprint", "idxhi", "idxlo", "vol"}

// fileReader finds these fields in the object log.file, and in documents that have none, where they may stand under keys
// with dots. An object log.file is taken as it is: what stands beside it under keys with dots takes no part. No Beat writes
// both.
type fileReader struct {
	file, document *event.Selector
}

func newFileReader() *fileReader {
	nested := make([]string, fileFields)
	for i, name := range fileNames {
		nested[i] = paths[fieldFile] + "." + name
	}
	return &fileReader{file: mustSelector(fileNames[:]), document: mustSelector(nested)}
}

// mustSelector makes a selector of paths that are constants here.
func mustSelector(paths []string) *event.Selector {
	selector, err := event.NewSelector(paths...)
	if err != nil {
		panic(err) // can't be: the tests make one
	}
	return selector
}
